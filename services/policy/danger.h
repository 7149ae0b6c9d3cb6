// Dangers: rows that do more than whoever wrote them may have meant: they make a claimed name an identity, let whole parts of the world past the rules, open the server
// for relaying, or keep out everybody. Nothing here is a mistake of form. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/directory/directory.h"

namespace hikyaku::policy {

struct Danger {
  std::string what;                 // "client 0.0.0.0/0 (operator)", "[smtp] relay_networks 10.0.0.0/8"
  std::string_view why, why_ja;
};

struct DangerFacts {
  const directory::Contents& directory;
  // Of the settings.
  std::vector<std::string> relay_networks = {}, exempt_networks = {}, plaintext_networks = {};
};

// In the order of what is worst, at most 500.
[[nodiscard]] std::vector<Danger> find_dangers(const DangerFacts& facts);

}  // namespace hikyaku::policy
