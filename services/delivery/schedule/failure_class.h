// FailureClass: why an attempt failed, as far as it decides when to try again. Each class has a rule of its own
// (retry_policy.h). The numbers are on disk, in every schedule: never change one, add at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hikyaku::delivery {

enum class FailureClass : std::uint8_t {
  Refused = 0,            // 5xx: the peer has said no
  Transient = 1,          // 4xx: the peer asked for another time
  NoAnswer = 2,           // nothing answered, for a cause that is not one of those below
  Greylisted = 3,         // 4xx of a peer that wants to see us come back
  Timeout = 4,            // no answer in time
  ConnectionRefused = 5,  // the machine is there, no server listens
  Unreachable = 6,        // no way to the machine
  LineCut = 7,            // the connection broke before the reply
  NoDnsAnswer = 8,        // no usable DNS answer
  Tls = 9,                // no TLS, or none of the kind the policy demands
  Name = 10,              // the name takes no mail, says DNS
  Policy = 11,            // 4xx that speaks of authentication or reputation
  PolicyRefused = 12,     // 5xx that speaks of them
};
constexpr std::size_t failure_classes = 13;

// What a rule's limit means for the class: attempts in all, or a period since the first failed attempt.
enum class Limit : std::uint8_t { Count, Period };
[[nodiscard]] constexpr Limit limit_of(FailureClass failure) {
  const bool counted = failure == FailureClass::Refused || failure == FailureClass::Name || failure == FailureClass::PolicyRefused;
  return counted ? Limit::Count : Limit::Period;
}
// Nobody at the destination said anything: E-Post's マシン無応答.
[[nodiscard]] constexpr bool is_silence(FailureClass failure) {
  return failure == FailureClass::NoAnswer || (failure >= FailureClass::Timeout && failure <= FailureClass::NoDnsAnswer);
}
// An unknown number (of a newer program's record) counts as transient. The top bits are no part of it (spool::told_bits).
[[nodiscard]] constexpr FailureClass failure_class_of(std::uint8_t number) {
  number &= 0x3f;
  return number < failure_classes ? static_cast<FailureClass>(number) : FailureClass::Transient;
}

// "line-cut": as rules, listings and --class name it.
[[nodiscard]] std::string_view class_name(FailureClass failure);
// What a person reads: "the line was cut" / 「回線切断」.
[[nodiscard]] std::string_view class_words(FailureClass failure, bool japanese);
[[nodiscard]] std::optional<FailureClass> parse_class(std::string_view name);

}  // namespace hikyaku::delivery
