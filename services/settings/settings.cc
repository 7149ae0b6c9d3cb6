#include "services/settings/settings.h"

namespace hikyaku::settings {

std::vector<Section*> Settings::sections() {
  return {&node, &listen, &tls, &smtp, &policy, &rules, &filters, &refusals, &recipients, &scanning, &quarantine, &virusdb, &imap, &pop3, &auth, &abuse, &delivery, &signing, &spool, &history, &alarm, &metrics, &log, &serve};
}

std::vector<const Section*> Settings::sections() const {
  auto all = const_cast<Settings*>(this)->sections();
  return {all.begin(), all.end()};
}

std::shared_ptr<Settings> preset_settings() { return std::make_shared<Settings>(); }

}  // namespace hikyaku::settings
