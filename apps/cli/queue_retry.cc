// hikyaku queue retry
#include "apps/cli/commands.h"
#include "apps/cli/queue_access.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto filter = filter_of(call);
  if (!filter) return Exit::Failed;
  if (*filter == delivery::QueueFilter{} && !call.has("--all")) return call.fail(Words{"which mail? Remedy: choose by --id, --domain, ..., or --all.", "どのメールか指定がない。--id、--domain など、または --all を指定する。"});
  const bool dry = call.has("--dry-run");
  const auto retried = ask_queue_for<delivery::QueueRetryReply>(call, delivery::QueueRetryRequest{*filter, dry ? delivery::RetryRun::Dry : delivery::RetryRun::Real});
  if (!retried) return Exit::Failed;
  if (call.json) {
    telemetry::JsonWriter json;
    call.print(json.object().flag("dry_run", dry).member("recipients", retried->recipients).end_object().take());
  } else {
    call.print(std::to_string(retried->recipients) + std::string(call.say(dry ? Words{" recipients would be tried now", " 件の宛先が対象になる"} : Words{" recipients are tried now", " 件の宛先を今すぐ再送する"})));
  }
  return Exit::Done;
}

}  // namespace

Command queue_retry_command() {
  auto options = filter_options();
  options.push_back({"--all", OptionKind::Flag, {"everything that is deferred", "再送待ちのすべて"}});
  options.push_back({"--dry-run", OptionKind::Flag, {"only tell how many", "件数だけを示す"}});
  return {.name = "queue retry",
          .help = {"try deferred mail now; periods and attempts stay as they are", "再送待ちのメールを今すぐ試す(期限と回数はそのまま)"},
          .options = std::move(options),
          .run = run};
}

}  // namespace hikyaku::cli
