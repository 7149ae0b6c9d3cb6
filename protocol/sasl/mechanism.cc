#include "protocol/sasl/mechanism.h"

#include <array>
#include <utility>

#include "base/cursor.h"

namespace hikyaku::sasl {
namespace {
constexpr std::array<std::pair<Mechanism, std::string_view>, 4> names{{
    {Mechanism::Plain, "PLAIN"},
    {Mechanism::Login, "LOGIN"},
    {Mechanism::ScramSha256, "SCRAM-SHA-256"},
    {Mechanism::ScramSha256Plus, "SCRAM-SHA-256-PLUS"},
}};
}

std::string_view mechanism_name(Mechanism mechanism) {
  for (const auto& [known, name] : names)
    if (known == mechanism) return name;
  return {};
}

std::optional<Mechanism> mechanism_named(std::string_view name) {
  for (const auto& [mechanism, known] : names)
    if (equal_ignoring_case(known, name)) return mechanism;
  return std::nullopt;
}

}  // namespace hikyaku::sasl
