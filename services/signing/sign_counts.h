// SignCounts: what `signer` has done since it began, as it tells it in counters/signer/signatures for whoever shows metrics. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/dkim/keys.h"
#include "services/signing/sign_protocol.h"

namespace hikyaku::signing {

enum class SignFailure : std::uint8_t {
  NoSuchKey,
  Unreadable,     // the key's file
  Busy,           // more was asked for than waits
  NotUnderstood,  // a request
};
inline constexpr std::array all_failures{SignFailure::NoSuchKey, SignFailure::Unreadable, SignFailure::Busy, SignFailure::NotUnderstood};
inline constexpr std::array all_algorithms{dkim::Algorithm::RsaSha256, dkim::Algorithm::Ed25519Sha256};
inline constexpr std::array all_sign_fields{SignField::DkimSignature, SignField::ArcMessageSignature, SignField::ArcSeal};
[[nodiscard]] std::string_view failure_name(SignFailure failure);  // "no-such-key"

struct SignCounts {
  struct Made {
    std::uint64_t count = 0, microseconds = 0;  // from the request on, waiting for a worker included
    friend bool operator==(const Made&, const Made&) = default;
  };
  std::array<std::array<Made, all_sign_fields.size()>, all_algorithms.size()> made{};
  std::array<std::uint64_t, all_failures.size()> failed{};

  [[nodiscard]] Made& of(dkim::Algorithm algorithm, SignField field) { return made[static_cast<std::size_t>(algorithm)][static_cast<std::size_t>(field)]; }
  [[nodiscard]] const Made& of(dkim::Algorithm algorithm, SignField field) const { return made[static_cast<std::size_t>(algorithm)][static_cast<std::size_t>(field)]; }
  [[nodiscard]] std::uint64_t& of(SignFailure failure) { return failed[static_cast<std::size_t>(failure)]; }
  [[nodiscard]] std::uint64_t of(SignFailure failure) const { return failed[static_cast<std::size_t>(failure)]; }
  friend bool operator==(const SignCounts&, const SignCounts&) = default;
};

// "made rsa-sha256 DKIM-Signature 12 3456" and "failed busy 3", a line each.
[[nodiscard]] std::string print_counts(const SignCounts& counts);
// Lines that make no sense are left out.
[[nodiscard]] SignCounts parse_counts(std::string_view text);

}  // namespace hikyaku::signing
