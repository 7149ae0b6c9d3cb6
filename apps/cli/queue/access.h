// The queue from a command: through the running deliver's socket, or, when deliver is stopped, on the spool itself
// under its ownership lock. The same code answers in both places (services/delivery/queue.h).
#pragma once

#include <memory>
#include <optional>

#include "apps/cli/command.h"
#include "io/posix_disk.h"
#include "services/delivery/queue_audit.h"
#include "services/delivery/queue_protocol.h"

namespace hikyaku::cli {

class OperatorLog;

class QueueAccess {
 public:
  // Finds out where the queue is; opens the spool when deliver is stopped. Nothing: the reason was printed.
  [[nodiscard]] static std::unique_ptr<QueueAccess> open(Invocation& call);
  // For what is shown beside other things: nothing, and no word, where deliver does not run.
  [[nodiscard]] static std::unique_ptr<QueueAccess> open_running(Invocation& call);
  ~QueueAccess();

  // Nothing: the reason was printed.
  [[nodiscard]] std::optional<delivery::QueueReply> ask(delivery::QueueRequest request);
  // The same for one kind of reply; a refusal is printed.
  template <class Reply>
  [[nodiscard]] std::optional<Reply> ask_for(const delivery::QueueRequest& request) {
    auto reply = ask(request);
    if (!reply) return std::nullopt;
    if (auto* wanted = std::get_if<Reply>(&*reply)) return std::move(*wanted);
    if (const auto* refusal = std::get_if<delivery::QueueRefusal>(&*reply)) call_.fail(refusal->what);
    else call_.fail("deliver's answer makes no sense");
    return std::nullopt;
  }
  [[nodiscard]] bool deliver_runs() const { return spool_ == nullptr; }

 private:
  explicit QueueAccess(Invocation& call);
  Invocation& call_;
  std::string path_;  // of deliver's socket
  io::PosixDisk disk_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<OperatorLog> log_;  // of what is done here
  std::unique_ptr<delivery::QueueAudit> audit_;
};

// For commands with one question.
template <class Reply>
[[nodiscard]] std::optional<Reply> ask_queue_for(Invocation& call, const delivery::QueueRequest& request) {
  const auto queue = QueueAccess::open(call);
  return queue ? queue->template ask_for<Reply>(request) : std::nullopt;
}

// The options that choose mail, and what they say. Nothing: a value makes no sense, it was printed.
[[nodiscard]] std::vector<Option> filter_options();
[[nodiscard]] std::optional<delivery::QueueFilter> filter_of(Invocation& call);

// Those of the commands that sum up by destination, and what they ask; `usual`: how many without --limit.
[[nodiscard]] std::vector<Option> summary_options();
[[nodiscard]] std::optional<delivery::QueueSummaryRequest> summary_request_of(Invocation& call, std::uint32_t usual);
void print_more(Invocation& call, const delivery::QueueSummary& summary);

// "12 kB", "3 MB", for tables.
[[nodiscard]] std::string size_text(std::uint64_t octets);
// "3 h", "2 d": how long ago, for tables.
[[nodiscard]] std::string age_text(Duration age);
// "now", "3 min": when the next try is; "stopped" of what is due while deliver is.
[[nodiscard]] std::string next_text(const Invocation& call, const QueueAccess& queue, WallTime next, WallTime now);
// Below a table: that deliver is stopped, where it is.
void tell_if_stopped(const Invocation& call, const QueueAccess& queue);

}  // namespace hikyaku::cli
