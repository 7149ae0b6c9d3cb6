// DKIM verification (RFC 6376 §6, RFC 8301, RFC 8463). Pure: keys are asked for through the caller, all at once, as soon as the
// header is there, so that look-ups run while the body still comes. Order of use:
//
//   Message message;  message.feed(...);                    // until header_ended()
//   Verification verification(message, options);
//   for name of verification.key_names(): look up TXT;      // meanwhile message.feed(...), message.end()
//   verification.answer(name, {...});
//   verification.results();                                 // needs end() and an answer for each name
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dkim/read_key.h"
#include "protocol/dkim/message.h"

namespace hikyaku::dkim {

// RFC 8601 §2.7.1
enum class Outcome : std::uint8_t { Pass, Fail, Policy, Neutral, TempError, PermError };
[[nodiscard]] std::string_view outcome_name(Outcome outcome);  // "temperror"

struct KeyAnswer {
  enum class Kind : std::uint8_t { Records, Nothing, Failure } kind = Kind::Nothing;  // Nothing: no such name, or no TXT
  std::vector<std::string> records;  // each with its strings joined
};
// Records of one name that are tried, where RFC 6376 §3.6.2.2 wants one: while a key changes, some domains have two.
inline constexpr std::size_t most_key_records = 3;

// A body longer than l= says may have anything appended (RFC 6376 §8.2).
enum class PartialBody : std::uint8_t { Accept, Refuse };

struct VerifyOptions {
  std::uint64_t unix_time = 0;  // for x=; 0: nothing expires
  PartialBody partial_body = PartialBody::Accept;
  std::string service = "email";  // for s= of the key: "email", or "tlsrpt" for reports about TLS (RFC 8460 §3)
  ReadKeys* keys = nullptr;      // outlives the verification; null: each key is read anew
};

struct SignatureResult {
  Outcome outcome = Outcome::Neutral;
  std::string reason;            // of all but Pass: "body hash did not verify"
  std::string domain, selector;  // may be empty for PermError
  std::string identity;          // i=
  std::string signature;         // b= without white space
  std::optional<Algorithm> algorithm;
  int key_bits = 0;               // 0: no key was read
  bool testing = false;           // t=y: no harm may follow from a failure; it is told as Neutral
  std::uint64_t unsigned_octets = 0;  // of the canonical body, after l=
};

class Verification {
 public:
  // `message` must have its header, and outlives this.
  Verification(const Message& message, VerifyOptions options);
  // Each once, at most MessageLimits::most_signatures.
  [[nodiscard]] const std::vector<std::string>& key_names() const { return key_names_; }
  void answer(const std::string& name, KeyAnswer answer) { answers_[name] = std::move(answer); }
  // One for each signature looked at, from the top. Cost: the header and one to three key operations for each.
  [[nodiscard]] std::vector<SignatureResult> results() const;
  // Signatures beyond the limit, which nobody looked at.
  [[nodiscard]] std::size_t ignored() const { return ignored_; }

 private:
  [[nodiscard]] SignatureResult judge(const SignatureField& candidate) const;

  const Message& message_;
  VerifyOptions options_;
  std::vector<std::string> key_names_;
  std::map<std::string, KeyAnswer> answers_;
  std::size_t ignored_ = 0;
};

// ---- parts that ARC shares

// The hash of the header fields a signature names, then its own field without b= (RFC 6376 §3.7).
[[nodiscard]] Digest signed_digest(const FieldIndex& fields, const Signature& signature, const mime::HeaderField& own);

struct Judgement {
  Outcome outcome = Outcome::Fail;
  std::string reason;
  int key_bits = 0;
  bool testing = false;
};
// What a signature says of itself, as far as its key is concerned.
struct SignedBy {
  Algorithm algorithm;
  std::string_view domain, identity;  // d=; i=, which t=s is about, may be empty
  std::string_view service;
  const Digest& digest;
  std::string_view octets;  // of b=
};
// Whether one of the records has the key that made it. `keys` may be null.
[[nodiscard]] Judgement judge_by_key(const KeyAnswer& answer, const SignedBy& by, ReadKeys* keys);

}  // namespace hikyaku::dkim
