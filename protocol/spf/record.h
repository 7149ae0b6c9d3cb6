// An SPF record as terms (RFC 7208 §4.6.1): read whole before anything of it is evaluated, since a syntax error anywhere
// makes the whole record void. Pure; linear.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::spf {

enum class Qualifier : std::uint8_t { Pass, Fail, SoftFail, Neutral };
enum class Mechanism : std::uint8_t { All, Include, A, Mx, Ptr, Ip4, Ip6, Exists };

struct Directive {
  Qualifier qualifier = Qualifier::Pass;
  Mechanism mechanism = Mechanism::All;
  std::string domain_spec;  // not expanded; empty: the current domain
  std::uint8_t prefix4 = 32, prefix6 = 128;
  std::array<std::uint8_t, 16> network{};  // Ip4: the first four octets
  std::string text;                        // as written, for whoever asks what matched
};

struct Record {
  std::vector<Directive> directives;
  std::optional<std::string> redirect, explanation;  // domain-specs
};

// "v=spf1" alone or followed by a space, any case (§4.5).
[[nodiscard]] bool is_spf_record(std::string_view text);
// Nothing: a syntax error, which `why` then says in one sentence.
[[nodiscard]] std::optional<Record> parse_record(std::string_view text, std::string& why);

}  // namespace hikyaku::spf
