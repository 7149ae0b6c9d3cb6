// Protection: how much of its confinement is in force for a service process. What the kernel lacks or the settings switch
// off is said in the service's log, in the status and in `hikyaku service list`; it is never silent.
#pragma once

#include <optional>
#include <string_view>

#include "io/confinement.h"

namespace hikyaku::apps {

enum class Protection : std::uint8_t { Full, NoLandlock, NoSeccomp, None, SwitchedOff };

[[nodiscard]] inline Protection protection_of(const io::Confined& confined) {
  const bool landlock = confined.landlock_abi > 0, seccomp = confined.seccomp == io::Confined::Seccomp::InForce;
  if (landlock && seccomp) return Protection::Full;
  if (seccomp) return Protection::NoLandlock;
  return landlock ? Protection::NoSeccomp : Protection::None;
}

[[nodiscard]] inline bool has_seccomp(Protection protection) { return protection == Protection::Full || protection == Protection::NoLandlock; }

// "full", "no landlock", "no seccomp", "none", "switched off"
[[nodiscard]] std::string_view protection_name(Protection protection);
[[nodiscard]] std::optional<Protection> protection_named(std::string_view name);
// What is missing, why, and the remedy; English and Japanese. Empty for Full.
struct ProtectionWords {
  std::string_view english, japanese;
};
[[nodiscard]] ProtectionWords protection_words(Protection protection);

}  // namespace hikyaku::apps
