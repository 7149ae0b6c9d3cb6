// Adding one's own set to the chain (RFC 8617 §5.1), by a server that changes mail on its way: a list, a forward, a gateway. Two
// digests are signed one after the other, by whoever holds the key:
//
//   Sealing sealing = begin_sealing(message, verdict, terms, results);
//   sealing.take(sign(sealing.digest()));  // ARC-Message-Signature
//   sealing.take(sign(sealing.digest()));  // ARC-Seal
//   sealing.fields();                      // above the header
//
// A server that changes mail judges the chain as it came, and seals the message as it leaves: `verdict` is of the first, `message`
// and `sets` (the same ARC fields) of the second.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/arc/chain.h"
#include "protocol/dkim/signing.h"

namespace hikyaku::arc {

struct SealTerms {
  dkim::Algorithm algorithm = dkim::Algorithm::RsaSha256;
  std::string domain, selector;  // A-labels, lower case
  std::string authserv_id;
  std::vector<std::string> names = usual_names();  // lower case, never "arc-seal" or "authentication-results"
  std::uint64_t unix_time = 0;

  // The message must be made with it in `also`.
  [[nodiscard]] static dkim::BodyTerms body() { return {dkim::Form::Relaxed, std::nullopt}; }
  [[nodiscard]] static std::vector<std::string> usual_names();  // those of DKIM, and DKIM-Signature (§4.1.2)
};

class Sealing {
 public:
  [[nodiscard]] const dkim::Digest& digest() const { return digest_; }
  void take(std::string_view signature_octets);
  [[nodiscard]] bool done() const { return step_ == Step::Done; }
  // ARC-Seal, ARC-Message-Signature, ARC-Authentication-Results, each with CRLF.
  [[nodiscard]] const std::string& fields() const { return fields_; }

 private:
  friend Result<Sealing, std::string> begin_sealing(const dkim::Message&, const std::vector<Set>&, const Verdict&, const SealTerms&, std::string_view);
  enum class Step : std::uint8_t { MessageSignature, Seal, Done };
  Sealing(dkim::TagWriter signature, dkim::TagWriter seal) : signature_(std::move(signature)), seal_(std::move(seal)) {}

  Step step_ = Step::MessageSignature;
  dkim::Digest digest_{};
  dkim::TagWriter signature_, seal_;
  std::string sealed_before_;  // the sets below, in canonical form; none under cv=fail (§5.1.2)
  std::string results_field_, fields_;
};

// `results`: what follows the authserv-id, as authres::results_text() writes it. The error is one sentence: a chain of 50, or
// one that has ended, is not added to.
[[nodiscard]] Result<Sealing, std::string> begin_sealing(const dkim::Message& message, const std::vector<Set>& sets, const Verdict& verdict, const SealTerms& terms,
                                                         std::string_view results);

// What the Authentication-Results fields of this authserv-id say of the chain as it came; nothing: there is no such field, or it cannot be read.
[[nodiscard]] std::optional<Status> told_status(const dkim::FieldIndex& fields, std::string_view authserv_id);

// The results of all Authentication-Results fields of this authserv-id in a header, as one; from the top.
[[nodiscard]] std::string merged_results(const dkim::FieldIndex& fields, std::string_view authserv_id);

}  // namespace hikyaku::arc
