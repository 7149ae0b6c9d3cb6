// hikyaku queue show ID
#include "apps/cli/commands.h"
#include "apps/cli/queue/items.h"
#include "apps/cli/value.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

void print_message(Invocation& call, const QueueAccess& queue, const delivery::QueueList& list, WallTime now) {
  const auto& first = list.items.front();
  call.print(first.id.text() + "  " + (first.sender.empty() ? "<>" : first.sender) + "  " + std::to_string(first.octets) + " octets, " +
             std::string(call.say({"accepted ", "受信 "})) + telemetry::stamp_text(first.accepted_at));
  if (first.priority != 0) call.print(std::string(call.say({"  priority ", "  優先度 "})) + std::to_string(first.priority));
  if (first.release_at)
    call.print(std::string(call.say({"  to be released at ", "  送信予約 "})) + telemetry::stamp_text(*first.release_at));
  if (first.deliver_by)
    call.print(std::string(call.say(first.deliver_by->mode == ByMode::Return ? Words{"  to be delivered or returned by ", "  配送できなければ返送する期限 "}
                                                                             : Words{"  to be delivered, or the sender told, by ", "  配送できなければ知らせる期限 "})) +
               telemetry::stamp_text(first.deliver_by->deadline));
  for (const auto& item : list.items) {
    std::string line = "  " + item.recipient + ": ";
    if (item.state == delivery::QueueState::Incoming) {
      line += call.say({"waits for its first attempt", "最初の配送を待っている"});
    } else {
      line += std::to_string(item.attempts) + std::string(call.say({" attempts, next ", " 回試行、次回 "})) + telemetry::stamp_text(item.next_due) + " (" +
              (item.next_due > now || !queue.deliver_runs() ? next_text(call, queue, item.next_due, now) : std::string(call.say({"due", "期限到来"}))) + "), " + item.destination + ": " + shown_reply(call, item.last_reply);
    }
    if (const auto* hold = list.hold_of(item))
      line += "; " + std::string(call.say({"held by hold ", "保留 "})) + std::to_string(hold->id) + " (" + selector_text(call, *hold) + "): " + hold->reason;
    call.print(line);
  }
}

Exit run(Invocation& call) {
  if (!call.has("ID") && !call.has("--id")) return call.fail(Words{"which message? Remedy: hikyaku queue show ID.", "どのメールか指定がない。hikyaku queue show 追跡ID。"}), Exit::WrongUse;
  const auto filter = filter_of(call);
  if (!filter) return Exit::Failed;
  const auto queue = QueueAccess::open(call);
  if (!queue) return Exit::Failed;
  const auto list = list_items(call, *queue, {*filter, {}, 1'000});
  if (!list) return Exit::Failed;
  const SystemClock clock;
  if (call.json) return print_json(call, *queue, *list), list->items.empty() ? Exit::Failed : Exit::Done;
  if (list->items.empty()) return call.fail(Words{"no recipient of this message waits here. Remedy: hikyaku trace tells what became of it.", "このメールの宛先は待っていない。hikyaku trace で経過がわかる。"});
  print_message(call, *queue, *list, clock.wall());
  tell_if_stopped(call, *queue);
  return Exit::Done;
}

}  // namespace

Command queue_show_command() {
  return {.name = "queue show",
          .help = {"one waiting message: its recipients, attempts and last replies", "待っている 1 通の宛先、試行回数、直前の応答"},
          .options = {{.name = "ID", .kind = OptionKind::OptionalArgument, .help = {"its trace id", "追跡 ID"}, .takes = Takes::TraceId}, value_option("--id", Takes::TraceId, {"the same", "同じ"})},
          .run = run};
}

}  // namespace hikyaku::cli
