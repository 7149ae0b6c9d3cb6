// hikyaku queue hold
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/commands.h"
#include "apps/cli/hold/options.h"
#include "apps/cli/queue/act.h"
#include "apps/cli/queue/items.h"
#include "services/delivery/queue_audit.h"

namespace hikyaku::cli {

namespace {

// Of what chose the mail, so that the hold says what it keeps.
std::string shown_choice(Invocation& call) {
  auto words = delivery::filter_text(filter_of(call).value_or(delivery::QueueFilter{}));
  if (words.size() <= directory::longest_hold_text) return words;
  std::size_t end = directory::longest_hold_text - 3;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80) --end;  // not within a letter
  return words.substr(0, end) + "...";
}

// The hold that the mail is to wait under.
bool begin_hold(Invocation& call, delivery::QueueAction& action) {
  const auto now = SystemClock{}.wall();
  const auto change = change_of(call, now);
  if (!change) return false;
  directory::Hold hold;
  hold.scope = directory::HoldScope::Chosen;
  hold.pattern = shown_choice(call);
  hold.reason = change->reason.value_or("");
  hold.owner = change->owner.value_or(calling_user());
  hold.start = now;
  hold.end = change->end.value_or(WallTime::max());
  const auto access = DirectoryAccess::open(call);
  if (!access) return false;
  const auto added = access->editor().add_hold(hold, now);
  if (!added) return call.fail(added.error().what), false;
  action.to = directory::chosen_key(added->id);
  if (!call.json) call.print(std::string(call.say({"Hold ", "保留 "})) + std::to_string(added->id) + std::string(call.say({": see hikyaku hold list, hikyaku hold release ", ": hikyaku hold list で確認、解除は hikyaku hold release "})) + std::to_string(added->id));
  return true;
}

Exit run(Invocation& call) {
  return act_on_queue(call, {delivery::QueueActionKind::Hold, ""}, Caution::ActsAtOnce,
                      {{" recipients would be held", " 件の宛先を保留することになる"},
                       {" recipients are held: they are not tried, and no retry period of theirs runs", " 件の宛先を保留した。配送を試みず、再送の期限も進まない"}},
                      [&call](delivery::QueueAction& action) { return begin_hold(call, action); });
}

}  // namespace

Command queue_hold_command() {
  auto options = action_options(Caution::ActsAtOnce);
  for (auto& option : term_options())
    if (option.name == "--reason" || option.name == "--owner" || option.name == "--end") options.push_back(std::move(option));
  return {.name = "queue hold",
          .help = {"hold chosen mail that waits now; mail that comes later is not concerned (hikyaku hold add is for that)",
                   "今待っているメールを選んで保留する(これから届くメールは対象外。それには hikyaku hold add を使う)"},
          .options = std::move(options),
          .run = run,
          .more = {"hikyaku queue hold --sender news@a.example --reason \"asked the sender\" --end +1d", "例: hikyaku queue hold --sender news@a.example --reason \"送信者に確認中\" --end +1d"}};
}

}  // namespace hikyaku::cli
