// A signature as its header field says it: DKIM-Signature (RFC 6376 §3.5), and ARC-Message-Signature, which has the same
// tags but i= and v= (RFC 8617 §4.1.2). Pure, linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/dkim/canonical.h"
#include "protocol/dkim/keys.h"
#include "protocol/dkim/tag_list.h"

namespace hikyaku::dkim {

inline constexpr std::size_t most_signed_names = 512;  // of h=

enum class FieldKind : std::uint8_t { Dkim, ArcMessage };

struct Signature {
  Algorithm algorithm = Algorithm::RsaSha256;
  std::string octets;     // b=, decoded
  std::string text;       // b=, without white space
  std::string body_hash;  // bh=, decoded
  Form header_form = Form::Simple, body_form = Form::Simple;
  std::string domain, selector;  // lower case
  std::string identity;          // i=; without one "@" and the domain. ArcMessage: empty
  unsigned instance = 0;         // i= of ArcMessage
  std::vector<std::string> names;  // h=, lower case
  std::optional<std::uint64_t> body_octets, signed_at, expires;  // l=; t= and x= in Unix time
};

// The error is one short reason. What can be known before the error (d=, s=, b=) is in `so_far`, if given.
[[nodiscard]] Result<Signature, std::string> parse_signature(FieldKind kind, std::string_view value, Signature* so_far = nullptr);

// The parts that ARC-Seal shares.
[[nodiscard]] Result<Algorithm, std::string> read_algorithm(const TagList& list);
// d= and s=, in lower case: names that can be asked for in DNS, nothing else (an attacker chooses them).
[[nodiscard]] Result<std::string, std::string> read_name(const TagList& list, std::string_view tag);
[[nodiscard]] std::string key_name(std::string_view selector, std::string_view domain);  // "s._domainkey.d"

// The field with the text of b= taken out (§3.7), as it is hashed: `whole` is the field, `value` a view into it.
[[nodiscard]] std::string without_signature(std::string_view whole);

}  // namespace hikyaku::dkim
