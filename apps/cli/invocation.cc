#include <cstdio>

#include "apps/cli/command.h"
#include "apps/cli/server_sentences.h"

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

settings::SettingsPointer Invocation::settings() {
  if (settings_) return settings_;
  auto loaded = settings::load_settings(settings_path);
  if (loaded) return settings_ = *loaded;
  for (const auto& error : loaded.error()) fail(error.text());
  return nullptr;
}

}  // namespace hikyaku::cli
