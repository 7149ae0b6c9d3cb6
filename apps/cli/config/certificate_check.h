// Whether the certificate of [tls] can be used, by the files themselves. For `config check` and `config reload`.
#pragma once

#include <optional>
#include <string>

#include "apps/cli/command.h"
#include "services/settings/settings.h"

namespace hikyaku::cli {

struct CertificateCheck {
  std::optional<settings::SettingsError> mistake;
  std::string warning;  // empty: none
};
// Files that only root may read are passed over for anybody else.
[[nodiscard]] CertificateCheck check_certificate(const Invocation& call, const settings::Settings& settings);

}  // namespace hikyaku::cli
