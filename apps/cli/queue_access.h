// The queue from a command: through the running deliver's socket, or, when deliver is stopped, on the spool itself
// under its ownership lock. The same code answers in both places (services/delivery/queue.h).
#pragma once

#include <optional>

#include "apps/cli/command.h"
#include "services/delivery/queue_protocol.h"

namespace hikyaku::cli {

// Nothing: the reason was printed.
[[nodiscard]] std::optional<delivery::QueueReply> ask_queue(Invocation& call, const delivery::QueueRequest& request);
// The same for one kind of reply; a refusal is printed.
template <class Reply>
[[nodiscard]] std::optional<Reply> ask_queue_for(Invocation& call, const delivery::QueueRequest& request) {
  auto reply = ask_queue(call, request);
  if (!reply) return std::nullopt;
  if (auto* wanted = std::get_if<Reply>(&*reply)) return std::move(*wanted);
  if (const auto* refusal = std::get_if<delivery::QueueRefusal>(&*reply)) call.fail(refusal->what);
  else call.fail("deliver's answer makes no sense");
  return std::nullopt;
}

// The options that choose mail, and what they say. Nothing: a value makes no sense, it was printed.
[[nodiscard]] std::vector<Option> filter_options();
[[nodiscard]] std::optional<delivery::QueueFilter> filter_of(Invocation& call);

// "3 h", "2 d": how long ago, for tables.
[[nodiscard]] std::string age_text(Duration age);

}  // namespace hikyaku::cli
