#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "apps/cli/command.h"
#include "apps/cli/language/server_sentences.h"
#include "services/settings/last_good.h"

namespace hikyaku::cli {

std::string Invocation::value(std::string_view option, std::string_view otherwise) const {
  const auto found = given.find(option);
  return found == given.end() || found->second.empty() ? std::string(otherwise) : found->second.front();
}

std::vector<std::string> Invocation::values(std::string_view option) const {
  const auto found = given.find(option);
  return found == given.end() ? std::vector<std::string>{} : found->second;
}

void Invocation::print(std::string_view line) const {
  std::fwrite(line.data(), 1, line.size(), stdout);
  if (!line.ends_with('\n')) std::fputc('\n', stdout);
}

Exit Invocation::fail(std::string_view sentence) const {
  const auto shown = language == Language::Japanese ? in_japanese(sentence) : std::string(sentence);
  std::fprintf(stderr, "hikyaku: %s\n", shown.c_str());
  return Exit::Failed;
}

namespace {

// What the server runs on although its file has mistakes; null when that cannot be known.
settings::SettingsPointer last_good_settings(const std::string& path) {
  std::error_code none;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, none)) return nullptr;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto data = settings::readable_data_folder(text);
  if (!data) return nullptr;
  auto good = settings::load_settings(settings::last_good_path(*data));
  return good && (*good)->node.data() == *data ? settings::SettingsPointer(*good) : nullptr;
}

}  // namespace

settings::SettingsPointer Invocation::settings() {
  if (settings_) return settings_;
  auto loaded = settings::load_settings(settings_path);
  if (loaded) return settings_ = *loaded;
  if (settings_ = last_good_settings(settings_path); settings_) {
    (void)fail(std::string(say({"Warning: ", "警告: "})) + settings_path +
               std::string(say({" has mistakes; these are the settings last in force. Remedy: `hikyaku config check` names the mistakes.",
                                " に誤りがあるため、最後に有効だった設定を使う。`hikyaku config check` で誤りがわかる。"})));
    return settings_;
  }
  for (const auto& error : loaded.error()) fail(error.text());
  return nullptr;
}

}  // namespace hikyaku::cli
