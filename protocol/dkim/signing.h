// Signing mail (RFC 6376 §5). The private key may live in another process: what is to be signed is a digest of 32 octets, the
// field is finished when the signature comes back. Several signatures of one message (RSA and Ed25519, RFC 8463 §3) are
// prepared from the same Message, each by itself. Pure.
//
//   Message message({}, {terms.body()});  message.feed(...); message.end();
//   prepare_signature(message, terms)  ->  to_sign.digest  ->  signer: PrivateKey::sign  ->  to_sign.field(octets)
//   The field goes above the header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/dkim/message.h"
#include "protocol/dkim/tag_writer.h"

namespace hikyaku::dkim {

struct SignTerms {
  Algorithm algorithm = Algorithm::RsaSha256;
  std::string domain, selector;  // A-labels, lower case
  std::string identity;          // i=; empty: not said
  Form header_form = Form::Relaxed, body_form = Form::Relaxed;
  // Lower case. Fields that are signed as often as they are there, and those signed once more, so that one that is added
  // afterwards spoils the signature (§8.15).
  std::vector<std::string> names = usual_names(), sealed_names = usual_sealed_names();
  std::uint64_t unix_time = 0;
  std::optional<std::uint64_t> valid_seconds;  // x=

  [[nodiscard]] BodyTerms body() const { return {body_form, std::nullopt}; }
  [[nodiscard]] static std::vector<std::string> usual_names();
  [[nodiscard]] static std::vector<std::string> usual_sealed_names();
};

struct ToSign {
  Digest digest{};
  TagWriter writer;
  // The whole header field, with CRLF.
  [[nodiscard]] std::string field(std::string_view signature_octets) const { return writer.signed_field(signature_octets); }
};

// The error is one sentence: a message without From cannot be signed (§5.4).
[[nodiscard]] Result<ToSign, std::string> prepare_signature(const Message& message, const SignTerms& terms);

// ---- parts that ARC shares

// h=: each of `names` as often as it is there, then each of `sealed` once more.
[[nodiscard]] std::vector<std::string> names_to_sign(const FieldIndex& fields, const std::vector<std::string>& names, const std::vector<std::string>& sealed);
// Reads the field that was written, so that exactly what a verifier will hash is hashed.
[[nodiscard]] Digest digest_to_sign(const FieldIndex& fields, Form header_form, const std::vector<std::string>& names, const TagWriter& writer);

}  // namespace hikyaku::dkim
