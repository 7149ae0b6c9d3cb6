// hikyaku hold show ID
#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/hold/options.h"
#include "apps/cli/hold/view.h"
#include "apps/cli/queue/access.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto id = hold_id(call);
  if (!id) return Exit::Failed;
  const auto now = SystemClock{}.wall();
  std::optional<directory::Hold> found;
  {
    const auto access = DirectoryAccess::open(call);
    if (!access) return Exit::Failed;
    const auto snapshot = access->editor().read();
    if (!snapshot) return call.fail(snapshot.error().what);
    const auto& holds = (*snapshot)->contents().holds;
    const auto place = std::ranges::find(holds, *id, &directory::Hold::id);
    if (place == holds.end()) return call.fail("There is no hold " + std::to_string(*id) + "; see: hikyaku hold list --ended");
    found = *place;
  }
  if (!found->runs(now)) return print_hold(call, *found, now), Exit::Done;
  const auto count = ask_queue_for<delivery::HoldCount>(call, delivery::QueueHoldRequest{found->scope, found->pattern, found->id});
  print_hold(call, *found, now, count && count->whole ? std::optional(count->incoming + count->deferred) : std::nullopt);
  if (call.json) return Exit::Done;  // without `recipients` where nobody could say
  if (!count) return Exit::Failed;
  call.print(std::string(call.say({"It keeps ", "保留中: "})) + (count->whole ? "" : std::string(call.say({"at least ", "少なくとも "}))) + std::to_string(count->incoming + count->deferred) +
             std::string(call.say({" recipients, ", " 件の宛先、"})) + std::to_string(count->octets) + std::string(call.say({" octets.", " オクテット"})));
  if (found->scope == directory::HoldScope::Chosen && count->incoming + count->deferred == 0)
    call.print(std::string(call.say({"No new mail comes under it. To end it: hikyaku hold release ", "新着メールは入らない。終えるには: hikyaku hold release "})) + std::to_string(found->id));
  return Exit::Done;
}

}  // namespace

Command hold_show_command() {
  return {.name = "hold show",
          .help = {"one hold, and how much it keeps", "一つの保留と、その対象の量"},
          .options = {{"ID", OptionKind::Argument, {"its number", "番号"}}},
          .run = run};
}

}  // namespace hikyaku::cli
