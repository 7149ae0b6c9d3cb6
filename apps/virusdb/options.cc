#include "apps/virusdb/options.h"

#include "apps/service/data_folders.h"
#include "services/scanning/scanner.h"

namespace hikyaku::apps {

virusdb::UpdaterOptions virusdb_options(const settings::Settings& settings) {
  const auto& section = settings.virusdb;
  virusdb::UpdaterOptions options;
  options.folder = folder::in(settings.node.data(), folder::virusdb);
  options.source_folder = section.source_folder();
  options.mirrors = section.mirrors();
  options.private_mirrors = section.private_mirrors();
  options.freshclam = section.freshclam();
  options.clamscan = section.clamscan();
  options.keep = static_cast<std::size_t>(section.keep());
  if (!settings.scanning.clamd().empty()) options.clamd = scanning::clamd_address(settings.scanning.clamd());
  return options;
}

}  // namespace hikyaku::apps
