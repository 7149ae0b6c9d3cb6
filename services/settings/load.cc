// Reads the TOML file. toml++ is included here and nowhere else.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "services/settings/last_good.h"
#include "services/settings/nearest.h"
#include "services/settings/profiles.h"
#include "services/settings/settings.h"

namespace hikyaku::settings {

namespace {

using Errors = std::vector<SettingsError>;

struct File {
  std::string name;
  Errors errors;

  void error(const toml::node& at, std::string_view what, std::string remedy) {
    errors.push_back({name + ":" + std::to_string(at.source().begin.line) + ": " + std::string(what), std::move(remedy)});
  }
};

std::optional<RawValue> raw_value(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return RawValue{boolean->get()};
  if (const auto* integer = node.as_integer()) return RawValue{integer->get()};
  if (const auto* text = node.as_string()) return RawValue{text->get()};
  const auto* array = node.as_array();
  if (!array) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    if (!text) return std::nullopt;
    texts.push_back(text->get());
  }
  return RawValue{std::move(texts)};
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known, std::string_view where) {
  const auto nearest = nearest_name(wrong, known);
  if (nearest) return "did you mean \"" + std::string(*nearest) + "\"?";
  return "`hikyaku config describe` lists " + std::string(where) + ".";
}

void read_section(File& file, Section& section, const toml::table& table) {
  const std::string label = "[" + std::string(section.name()) + "] ";
  std::vector<std::string_view> names;
  for (const auto* setting : section.settings()) names.push_back(setting->name());
  for (const auto& [key, node] : table) {
    const auto name = key.str();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      file.error(node, label + "has no setting \"" + std::string(name) + "\".", did_you_mean(name, names, "all settings"));
      continue;
    }
    auto& setting = *section.settings()[static_cast<std::size_t>(found - names.begin())];
    const auto raw = raw_value(node);
    const auto taken = setting.assign(raw ? *raw : RawValue{std::vector<std::string>{}});
    if (!taken) file.error(node, label + std::string(name) + ": this value is not possible.", taken.error());
  }
}

void apply_profile(File& file, Settings& settings, const toml::node& node) {
  std::vector<std::string_view> names;
  for (const auto& profile : all_profiles()) names.push_back(profile.name);
  const auto* wanted = node.as_string();
  for (const auto& profile : all_profiles()) {
    if (!wanted || profile.name != wanted->get()) continue;
    for (const auto& value : profile.values)
      for (auto* section : settings.sections())
        for (auto* setting : section->settings())
          if (section->name() == value.section && setting->name() == value.setting) (void)setting->assign(value.value);
    return;
  }
  file.error(node, "there is no such profile.", did_you_mean(wanted ? wanted->get() : "", names, "the profiles"));
}

void read_all(File& file, Settings& settings, const toml::table& root) {
  if (const auto* profile = root.get("profile")) apply_profile(file, settings, *profile);
  std::vector<std::string_view> names;
  for (const auto* section : settings.sections()) names.push_back(section->name());
  for (const auto& [key, node] : root) {
    if (key.str() == "profile") continue;
    const auto found = std::find(names.begin(), names.end(), key.str());
    const auto* table = node.as_table();
    if (found == names.end())
      file.error(node, "there is no section [" + std::string(key.str()) + "].", did_you_mean(key.str(), names, "all sections"));
    else if (!table)
      file.error(node, "\"" + std::string(key.str()) + "\" is a section.", "write [" + std::string(key.str()) + "] on a line of its own.");
    else
      read_section(file, *settings.sections()[static_cast<std::size_t>(found - names.begin())], *table);
  }
}

}  // namespace

// Rules that join two settings or need more than a range: settings_rules.cc.
void check_rules(const Settings& settings, std::string_view file_name, Errors& errors);

Result<std::shared_ptr<Settings>, Errors> parse_settings(std::string_view text, std::string_view file_name) {
  File file{std::string(file_name), {}};
  const auto parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return failure(Errors{{file.name + ":" + std::to_string(error.source().begin.line) + ": not a TOML file: " + std::string(error.description()) + ".",
                           "see https://toml.io; texts need quotes."}});
  }
  auto settings = preset_settings();
  read_all(file, *settings, parsed.table());
  check_rules(*settings, file_name, file.errors);
  if (!file.errors.empty()) return failure(std::move(file.errors));
  return settings;
}

std::optional<std::string> readable_data_folder(std::string_view toml) {
  constexpr int most_passed_over = 100;
  std::string text(toml);
  for (int passed_over = 0; passed_over <= most_passed_over; ++passed_over) {
    const auto parsed = toml::parse(text);
    if (parsed) {
      const auto data = parsed["node"]["data"];
      if (!data) return preset_settings()->node.data();
      return data.value<std::string>();
    }
    // The line at fault becomes a comment, and the rest is read again.
    std::size_t begin = 0;
    for (auto line = parsed.error().source().begin.line; line > 1 && begin != std::string::npos; --line)
      if (begin = text.find('\n', begin); begin != std::string::npos) ++begin;
    if (begin >= text.size() || text[begin] == '#') return std::nullopt;
    const auto end = std::min(text.find('\n', begin), text.size());
    if (end == begin) return std::nullopt;
    text.replace(begin, end - begin, "#");
  }
  return std::nullopt;
}

std::string last_good_path(std::string_view data_folder) { return std::string(data_folder) + "/supervisor/settings-last-good.toml"; }

Result<std::shared_ptr<Settings>, Errors> load_settings(const std::string& path) {
  std::error_code none;
  const bool is_folder = std::filesystem::is_directory(path, none);
  std::ifstream file(path, std::ios::binary);
  if (is_folder) errno = EISDIR;
  if (!file || is_folder)
    return failure(Errors{{path + ": the settings file cannot be read: " + std::strerror(errno) + ".",
                           "name another with --config, or write one: `hikyaku config describe` shows all settings."}});
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_settings(text, path);
}

}  // namespace hikyaku::settings
