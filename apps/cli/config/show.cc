// hikyaku config show: the settings as the file gives them, or those alone that differ from the presets.
#include "apps/cli/commands.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

bool is_changed(const settings::AnySetting& setting) { return setting.value_text() != setting.preset_text(); }

bool is_meant(const Invocation& call, const settings::Section& section, const settings::AnySetting& setting) {
  if (call.has("--changed") && !is_changed(setting)) return false;
  return (std::string(section.name()) + "." + std::string(setting.name())).find(call.value("WORD")) != std::string::npos;
}

std::string as_json(const Invocation& call, const settings::Settings& settings) {
  telemetry::JsonWriter json;
  json.array();
  for (const auto* section : settings.sections())
    for (const auto* setting : section->settings())
      if (is_meant(call, *section, *setting))
        json.object().member("section", section->name()).member("name", setting->name()).member("value", setting->value_text()).member("preset", setting->preset_text()).flag("changed", is_changed(*setting)).end_object();
  return json.end_array().take();
}

// As it would stand in a file, with the preset of what differs from it.
std::string as_text(const Invocation& call, const settings::Settings& settings) {
  std::string text;
  for (const auto* section : settings.sections()) {
    std::string lines;
    for (const auto* setting : section->settings()) {
      if (!is_meant(call, *section, *setting)) continue;
      lines += std::string(setting->name()) + " = " + setting->value_text();
      if (is_changed(*setting)) lines += std::string(call.say({"  # preset: ", "  # 既定値: "})) + setting->preset_text();
      lines += '\n';
    }
    if (!lines.empty()) text += (text.empty() ? "[" : "\n[") + std::string(section->name()) + "]\n" + lines;
  }
  return text;
}

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  if (call.json) return call.print(as_json(call, *settings)), Exit::Done;
  const auto text = as_text(call, *settings);
  if (!text.empty()) return call.print(text), Exit::Done;
  if (call.has("WORD") && !call.has("--changed"))
    return call.fail("No setting's name contains \"" + call.value("WORD") + "\". Remedy: `hikyaku config describe` names them all.");
  return call.print(call.say({"All of these settings are the presets.", "すべて既定値のままである。"})), Exit::Done;
}

}  // namespace

Command config_show_command() {
  return {.name = "config show",
          .help = {"the settings as the file gives them; with --changed those that differ from the presets", "設定ファイルによる設定の値を表示する。--changed なら既定値と異なるものだけ"},
          .options = {{"WORD", OptionKind::OptionalArgument, {"only settings whose name contains it", "名前にこの語を含む設定だけ"}},
                      {"--changed", OptionKind::Flag, {"only those that differ from the presets, by the file or its profile", "既定値と異なるもの(設定ファイルまたはプロファイルによる)だけ"}}},
          .run = run,
          .more = {"What a setting means: hikyaku config describe WORD", "設定の意味は hikyaku config describe 語 で確認する。"}};
}

}  // namespace hikyaku::cli
