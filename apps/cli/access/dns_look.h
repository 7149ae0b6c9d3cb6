// Asking DNS from a command, as delivery would: where mail for a next hop goes now, or why nowhere.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/resolver.h"
#include "services/delivery/next_hop.h"
#include "services/delivery/why/diagnosis.h"
#include "services/settings/settings.h"

namespace hikyaku::cli {

struct DnsLook {
  delivery::DnsFinding finding = delivery::DnsFinding::NotAsked;
  std::string words;                   // why, when it is not Fine
  std::vector<std::string> hosts;      // "mx.a.example [192.0.2.1]:25", in the order of trying
  std::vector<io::IpAddress> addresses;
};
// Takes at most about ten seconds. `our_name` is an MX host that is us.
[[nodiscard]] DnsLook look_at_dns(const settings::Settings& settings, const delivery::NextHop& hop, const std::string& our_name);

// Runs `task` on a loop of its own with a resolver of these settings; `reserved`: names that are asked though RFC 6761 keeps
// them local. Nothing is run, and the reason returned, when the settings cannot be used.
using DnsTask = std::function<Task<void>(io::Loop&, io::Resolver&)>;
[[nodiscard]] std::string with_resolver(const settings::Settings& settings, std::vector<std::string> reserved, const DnsTask& task);

}  // namespace hikyaku::cli
