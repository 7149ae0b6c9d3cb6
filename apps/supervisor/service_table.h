// The services by name: what E-Post calls them, which processes each has, and what each process listens to.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/settings/settings.h"

namespace hikyaku::apps {


struct ProcessEntry {
  std::string_view name;                         // "imap-front"
  std::vector<std::string_view> listeners;       // settings of [listen]
  std::vector<std::string_view> local_sockets;   // bound as run/<name>.sock (SOCK_STREAM)
  bool tls = false;                              // gets certificate and key
};

struct ServiceEntry {
  std::string_view name;
  std::string_view help, help_ja;
  std::vector<std::string_view> aliases;  // E-Post's names; compared without case
  std::vector<ProcessEntry> processes;    // none: not part of this release of the suite or not set up on this machine
};

[[nodiscard]] std::span<const ServiceEntry> service_table();
// By name or alias ("EPSTRS", "epstrd", "Epstrs.exe"), or null.
[[nodiscard]] const ServiceEntry* find_service(std::string_view name);
[[nodiscard]] const ProcessEntry* find_process(std::string_view name);
// Whether these settings give the service anything to do: a service whose every port is turned off has nothing.
// signer has something to do while there is a key: it looks into its folder.
[[nodiscard]] bool is_configured(const ServiceEntry& service, const settings::Settings& settings);
// For the operator who asks for a service that is not: that this version lacks it, or which settings it waits for.
[[nodiscard]] std::string why_not_configured(const ServiceEntry& service);
// The addresses of a [listen] setting.
[[nodiscard]] const settings::Texts& listen_addresses(const settings::Settings& settings, std::string_view listener);

}  // namespace hikyaku::apps
