// hikyaku config check
#include "apps/cli/commands.h"
#include "services/delivery/schedule/retry_settings.h"
#include "services/telemetry/json_text.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const std::string path = call.has("FILE") ? call.value("FILE") : call.settings_path;
  const auto loaded = settings::load_settings(path);
  std::vector<settings::SettingsError> errors;
  if (!loaded) errors = loaded.error();
  delivery::RetryAdvice advice;
  if (loaded) advice = delivery::check_retry_settings((*loaded)->delivery, call.language == Language::Japanese);
  for (auto& mistake : advice.mistakes) errors.push_back({path + ": " + mistake, ""});
  if (call.json) {
    std::string out = "{\"good\":" + std::string(errors.empty() ? "true" : "false") + ",\"mistakes\":[";
    for (const auto& error : errors) {
      if (&error != &errors.front()) out += ',';
      out += "{\"what\":", telemetry::append_json_text(out, error.what), out += ",\"remedy\":", telemetry::append_json_text(out, error.remedy), out += '}';
    }
    out += "],\"warnings\":[";
    for (const auto& warning : advice.warnings) {
      if (&warning != &advice.warnings.front()) out += ',';
      telemetry::append_json_text(out, warning);
    }
    call.print(out + "]}");
  } else {
    for (const auto& error : errors) call.fail(error.text());
    for (const auto& warning : advice.warnings) call.print(std::string(call.say({"Warning: ", "警告: "})) + warning);
    if (errors.empty()) call.print(path + ": " + std::string(call.say({"all settings are possible", "設定に問題はない"})));
  }
  return errors.empty() ? Exit::Done : Exit::Failed;
}

}  // namespace

Command config_check_command() {
  return {.name = "config check",
          .help = {"read a settings file and name every mistake", "設定ファイルを検査し、誤りをすべて示す"},
          .options = {{"FILE", OptionKind::OptionalArgument, {"the file; default: the one of this server", "ファイル。省略時はこのサーバの設定"}}},
          .run = run};
}

}  // namespace hikyaku::cli
