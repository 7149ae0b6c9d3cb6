#include "apps/supervisor/first_settings.h"

#include "apps/supervisor/ask_nobody.h"
#include "apps/supervisor/read_descriptor.h"
#include "base/wire.h"
#include "services/settings/settings.h"

namespace hikyaku::apps {

namespace {

constexpr std::size_t most_octets = 1 << 20;

// ok, then what FirstSettings holds; or not ok, then the mistakes.
std::string digest(const std::optional<std::string>& text, const std::string& name, Wording wording) {
  WireWriter out;
  if (!text) return std::move(out.u8(0).text(worded(wording, name + ": the settings file cannot be read, or is larger than 1 MiB."))).bytes();
  const auto settings = settings::parse_settings(*text, name);
  if (settings) {
    const auto& tls = (*settings)->tls;
    return std::move(out.u8(1).text((*settings)->node.data()).text((*settings)->serve.user()).text(tls.certificate()).text(tls.key())).bytes();
  }
  std::string mistakes;
  for (const auto& error : settings.error()) mistakes += (mistakes.empty() ? "" : "\n") + worded(wording, error.text());
  return std::move(out.u8(0).text(mistakes)).bytes();
}

}  // namespace

std::optional<std::string> read_settings_file(int settings_file) { return read_whole(settings_file, most_octets); }

Result<FirstSettings, std::string> read_first_settings(const std::optional<std::string>& text, const std::string& name, Wording wording) {
  const std::string bytes = ask_nobody([&] { return digest(text, name, wording); }, most_octets).value_or("");
  WireReader in(bytes);
  const bool good = in.u8() == 1;
  FirstSettings first;
  first.data_folder = in.text();
  if (!good && !in.broken()) return failure(first.data_folder);
  first.user = in.text(), first.certificate = in.text(), first.key = in.text();
  if (in.broken()) return failure(name + ": the settings could not be read.");
  while (first.data_folder.size() > 1 && first.data_folder.ends_with('/')) first.data_folder.pop_back();
  return first;
}

}  // namespace hikyaku::apps
