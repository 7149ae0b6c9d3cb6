// hikyaku config reload
#include "apps/cli/commands.h"
#include "apps/cli/services_view.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto answer = ask(call, {{"reload"}});
  if (!answer) return Exit::Failed;
  if (call.json) return call.print(*answer), Exit::Done;
  call.print(call.say({"the settings are in force, but for those whose description says otherwise (hikyaku config describe)",
                       "設定を反映した(再起動が必要なものを除く。hikyaku config describe を参照)"}));
  return Exit::Done;
}

}  // namespace

Command config_reload_command() {
  return {.name = "config reload", .help = {"make the running server read its settings again", "動いているサーバに設定を読み直させる"}, .run = run};
}

}  // namespace hikyaku::cli
