#include "apps/cli/account/queue.h"

#include "apps/cli/queue/act.h"
#include "apps/cli/queue/items.h"
#include "services/abuse/evidence.h"

namespace hikyaku::cli {
namespace {

constexpr std::uint32_t most_shown = 10;

delivery::QueueActionRequest deletion(const std::string& address, delivery::ActionRun run) {
  delivery::QueueActionRequest request{.filter = {}, .action = {delivery::QueueActionKind::Delete, ""}, .run = run};
  request.filter.account = address;
  return request;
}

}  // namespace

std::optional<std::uint64_t> queued_of(Invocation& call, const std::string& address, Sample sample) {
  const auto queue = QueueAccess::open(call);
  if (!queue) return std::nullopt;
  const auto request = deletion(address, delivery::ActionRun::Dry);
  const auto found = act_on_all(*queue, request);
  if (!found) return std::nullopt;
  if (sample == Sample::Shown && found->recipients > 0 && !call.json) {
    const auto list = list_items(call, *queue, {request.filter, {}, most_shown});
    if (!list) return std::nullopt;
    print_table(call, *queue, *list, SystemClock{}.wall());
  }
  return found->recipients;
}

std::optional<std::uint64_t> delete_queued_of(Invocation& call, const std::string& address) {
  const auto queue = QueueAccess::open(call);
  if (!queue) return std::nullopt;
  const auto deleted = act_on_all(*queue, deletion(address, delivery::ActionRun::Real));
  if (!deleted) return std::nullopt;
  for (const auto& trouble : deleted->troubles) call.fail(trouble);
  return deleted->troubles.empty() ? std::optional(deleted->recipients) : std::nullopt;
}

std::string evidence_text(const Invocation& call, const std::string& why) { return call.language == Language::Japanese ? abuse::evidence_in_japanese(why) : why; }

}  // namespace hikyaku::cli
