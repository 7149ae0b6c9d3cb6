// hikyaku config reload
#include "apps/cli/commands.h"
#include "apps/cli/config/certificate_check.h"
#include "apps/cli/config/country_check.h"
#include "apps/cli/service/services_view.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  // The server would keep its former certificate: whoever renews one is told now.
  if (const auto settings = call.settings())
    if (const auto certificate = check_certificate(call, *settings); certificate.mistake) return call.fail(certificate.mistake->text()), Exit::Failed;
  const auto answer = ask(call, {{"reload"}});
  if (!answer) return Exit::Failed;
  // It goes on without, or with the former one.
  if (const auto settings = call.settings())
    if (const auto countries = check_countries(*settings)) call.fail(countries->text());
  if (call.json) return call.print(*answer), Exit::Done;
  const auto status = JsonView::parse(*answer);
  const auto waiting = status ? status->at("waiting").items() : decltype(status->at("waiting").items()){};
  if (waiting.empty()) return call.print(call.say({"the settings are in force", "設定を反映した"})), Exit::Done;
  call.print(call.say({"the settings are in force, but for these, which wait for a restart:", "設定を反映した。ただし次の設定は再起動するまで反映されない:"}));
  for (const auto& one : waiting) {
    const std::string whose = one.text("restart");
    call.print("  " + one.text("setting") + ": " + (whose == "serve" ? std::string(call.say({"the whole server (`hikyaku serve`, systemctl restart hikyaku)", "サーバ全体(`hikyaku serve`、systemctl restart hikyaku)"}))
                                                                     : "hikyaku service restart " + whose));
  }
  return Exit::Done;
}

}  // namespace

Command config_reload_command() {
  return {.name = "config reload", .help = {"make the running server read its settings again", "動いているサーバに設定を読み直させる"}, .run = run};
}

}  // namespace hikyaku::cli
