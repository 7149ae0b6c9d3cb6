// hikyaku config describe
#include "apps/cli/commands.h"
#include "services/settings/nearest.h"
#include "services/settings/profiles.h"
#include "services/settings/reference.h"
#include "services/telemetry/json_text.h"

namespace hikyaku::cli {

namespace {

void member(std::string& out, std::string_view key, std::string_view value) {
  telemetry::append_json_text(out, key), out += ':', telemetry::append_json_text(out, value);
}

bool is_meant(const settings::Section& section, const settings::AnySetting& setting, std::string_view word) {
  return (std::string(section.name()) + "." + std::string(setting.name())).find(word) != std::string::npos;
}

// An array; of those settings whose "section.name" contains the word, all contain "".
std::string describe_json(std::string_view word) {
  std::string out = "[";
  const auto settings = settings::preset_settings();
  for (const auto* section : std::as_const(*settings).sections()) {
    for (const auto* setting : section->settings()) {
      if (!is_meant(*section, *setting, word)) continue;
      out += out.size() > 1 ? ",{" : "{";
      member(out, "section", section->name()), out += ',';
      member(out, "name", setting->name()), out += ',';
      member(out, "help", setting->help()), out += ',';
      member(out, "help_ja", setting->help_ja()), out += ',';
      member(out, "kind", setting->kind()), out += ',';
      member(out, "range", setting->range_text()), out += ',';
      member(out, "preset", setting->preset_text()), out += ',';
      member(out, "takes_effect", settings::takes_effect_text(static_cast<int>(setting->takes_effect()), false)), out += '}';
    }
  }
  return out + "]";
}

// Settings whose "section.name" contains the word.
std::string describe_matching(const Invocation& call, std::string_view word) {
  std::string out;
  const auto settings = settings::preset_settings();
  const bool japanese = call.language == Language::Japanese;
  for (const auto* section : std::as_const(*settings).sections()) {
    for (const auto* setting : section->settings()) {
      if (!is_meant(*section, *setting, word)) continue;
      out += "[" + std::string(section->name()) + "] " + std::string(setting->name()) + " = " + setting->preset_text() + "\n    " +
             std::string(japanese ? setting->help_ja() : setting->help()) + "\n    " + setting->kind() +
             (setting->range_text().empty() ? "" : ", " + setting->range_text()) + "; " +
             std::string(settings::takes_effect_text(static_cast<int>(setting->takes_effect()), japanese)) + "\n";
    }
  }
  return out;
}

// That there is none, and which it may have been.
Exit none_found(const Invocation& call, const std::string& word) {
  const auto settings = settings::preset_settings();
  std::vector<std::string> names;
  for (const auto* section : std::as_const(*settings).sections()) {
    names.emplace_back(section->name());
    for (const auto* setting : section->settings()) names.emplace_back(setting->name()), names.push_back(std::string(section->name()) + "." + std::string(setting->name()));
  }
  const auto nearest = settings::nearest_name(word, std::vector<std::string_view>(names.begin(), names.end()));
  if (nearest) return call.fail("No setting's name contains \"" + word + "\". Did you mean \"" + std::string(*nearest) + "\"?");
  return call.fail("No setting's name contains \"" + word + "\". Remedy: `hikyaku config describe` names them all.");
}

Exit run(Invocation& call) {
  if (call.json && call.has("--markdown"))
    return (void)call.fail(Words{"--json and --markdown are two forms. Remedy: give one of them.", "--json と --markdown は別の形式。どちらか一方を指定する。"}), Exit::WrongUse;
  if (call.json) {
    const auto json = describe_json(call.value("WORD"));
    if (json == "[]") return none_found(call, call.value("WORD"));
    return call.print(json), Exit::Done;
  }
  if (call.has("--markdown")) return call.print(settings::reference_markdown()), Exit::Done;
  if (!call.has("WORD")) return call.print(settings::commented_file(call.language == Language::Japanese)), Exit::Done;
  const std::string found = describe_matching(call, call.value("WORD"));
  if (found.empty()) return none_found(call, call.value("WORD"));
  return call.print(found), Exit::Done;
}

}  // namespace

Command config_describe_command() {
  return {.name = "config describe",
          .help = {"explain the settings; without a word, as a settings file to start from", "設定を説明する。語を省くと、そのまま使える設定ファイルとして出力する"},
          .options = {{"WORD", OptionKind::OptionalArgument, {"only settings whose name contains it", "名前にこの語を含む設定だけ"}},
                      {"--markdown", OptionKind::Flag, {"the reference manual (docs/reference/settings.md)", "リファレンス(docs/reference/settings.md)として"}}},
          .run = run};
}

}  // namespace hikyaku::cli
