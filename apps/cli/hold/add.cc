// hikyaku hold add
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/hold/forecast.h"
#include "apps/cli/hold/options.h"
#include "apps/cli/hold/view.h"
#include "apps/cli/queue/access.h"

namespace hikyaku::cli {

namespace {

void print_count(Invocation& call, const delivery::HoldCount& count) {
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().flag("dry_run", true).member("incoming", count.incoming).member("deferred", count.deferred).member("octets", count.octets);
    return call.print(json.flag("complete", count.whole).end_object().take());
  }
  const std::string least = count.whole ? "" : std::string(call.say({"at least ", "少なくとも "}));
  call.print(least + std::to_string(count.incoming + count.deferred) + std::string(call.say({" waiting recipients would be held (", " 件の宛先が保留の対象になる(再送待ち "})) +
             std::to_string(count.deferred) + std::string(call.say({" deferred), ", " 件)、"})) + std::to_string(count.octets) + std::string(call.say({" octets; nothing was changed", " オクテット。何も変更していない"})));
}

Exit run(Invocation& call) {
  const auto now = SystemClock{}.wall();
  const auto hold = hold_of(call, now);
  if (!hold) return Exit::Failed;
  if (call.has("--forecast")) {
    const auto choice = arrivals_of(call, *hold);
    return choice ? print_forecast(call, *choice, hold->start, hold->end, now) : Exit::Failed;
  }
  if (call.has("--dry-run")) {
    const auto count = ask_queue_for<delivery::HoldCount>(call, delivery::QueueHoldRequest{hold->scope, hold->pattern});
    if (!count) return Exit::Failed;
    return print_count(call, *count), Exit::Done;
  }
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto added = access->editor().add_hold(*hold, now);
  if (!added) return call.fail(added.error().what);
  return print_hold(call, *added, now), Exit::Done;
}

}  // namespace

Command hold_add_command() {
  auto options = selector_options();
  for (auto& option : term_options()) options.push_back(std::move(option));
  options.push_back({"--dry-run", OptionKind::Flag, {"only tell what waits now and would be held", "今あるメールのうち対象になるものを示すだけ"}});
  options.push_back({"--forecast", OptionKind::Flag, {"only tell how much mail to expect by the end, and whether the disk suffices", "終わりまでに溜まる量の予測とディスクの過不足を示すだけ"}});
  return {.name = "hold add",
          .help = {"hold mail back, now or from a time: it is not tried, and no retry period of it runs", "メールを保留する(今すぐ、または予定)。配送を試みず、再送の期限も進まない"},
          .options = std::move(options),
          .run = run,
          .more = {"hikyaku hold add --destination inner.example --end \"2026-11-25 20:00\" --reason \"disk exchange\"", "例: hikyaku hold add --destination inner.example --end \"2026-11-25 20:00\" --reason \"ディスク交換\""}};
}

}  // namespace hikyaku::cli
