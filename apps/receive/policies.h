// Policies: what the sessions of one moment go by, made from the settings; a reload makes a new one, and sessions keep the
// one they began with.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "apps/service/service.h"
#include "io/tls_context.h"
#include "protocol/smtp/server_conversation.h"
#include "services/policy/policy_settings.h"
#include "services/settings/filter_row.h"

namespace hikyaku::receive {

enum class Port : std::uint8_t { Smtp, Submission, Submissions, Lmtp };  // Submissions: TLS from the first octet
inline constexpr std::array<std::string_view, 4> port_names{"smtp", "submission", "submissions", "lmtp"};

struct Policies {
  settings::SettingsPointer settings;
  std::shared_ptr<const io::TlsServerContext> tls;  // null: no TLS
  std::array<std::shared_ptr<const smtp::ServerConfig>, 4> configs;
  std::string hostname;
  policy::PolicySettings policy;
  std::vector<settings::FilterRow> milters, policy_servers;
  std::optional<settings::FilterRow> rspamd;

  [[nodiscard]] const std::shared_ptr<const smtp::ServerConfig>& config(Port port) const {
    return configs[static_cast<std::size_t>(port)];
  }
};

[[nodiscard]] std::shared_ptr<const Policies> make_policies(apps::Service& service);

}  // namespace hikyaku::receive
