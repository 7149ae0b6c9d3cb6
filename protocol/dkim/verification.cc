#include "protocol/dkim/verification.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace hikyaku::dkim {
namespace {

Judgement permanent(std::string reason) { return {Outcome::PermError, std::move(reason)}; }

// §6.1.2, for one record.
Judgement judge_by_record(const ReadKeyOrWhy& read, const SignedBy& by) {
  if (!read) return permanent(read.error());
  const auto& record = read->record;
  const auto& key = read->key;
  Judgement judgement{Outcome::PermError, {}, 0, record.testing};
  const auto because = [&](std::string reason) {
    judgement.reason = std::move(reason);
    return judgement;
  };
  if (record.key.empty()) return because("key revoked");
  if (record.algorithm != by.algorithm) return because("key is of another type");
  if (!record.sha256) return because("key is not for sha256");
  if (!record.is_for(by.service)) return because("key is not for " + std::string(by.service));
  if (record.own_name_only && !by.identity.empty() && by.identity.substr(by.identity.rfind('@') + 1) != by.domain) return because("key is for i= of the domain itself only");
  if (!key) return because(key.error());
  judgement.key_bits = key->bits();
  judgement.outcome = key->verifies(by.digest, by.octets) ? Outcome::Pass : Outcome::Fail;
  return judgement.outcome == Outcome::Pass ? judgement : because("signature did not verify");
}

void tell(SignatureResult& result, Outcome outcome, std::string reason) {
  result.outcome = outcome;
  result.reason = std::move(reason);
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  constexpr std::array<std::string_view, 6> names{"pass", "fail", "policy", "neutral", "temperror", "permerror"};
  return names[static_cast<std::size_t>(outcome)];
}

Digest signed_digest(const FieldIndex& fields, const Signature& signature, const mime::HeaderField& own) {
  std::string text;
  for (const auto* field : fields.select(signature.names, &own)) append_canonical_field(signature.header_form, field->whole, text);
  append_canonical_field(signature.header_form, without_signature(own.whole), text);
  text.resize(text.size() - 2);  // its own line end is no part of it
  Sha256 hash;
  hash.add(text);
  return hash.finish();
}

Judgement judge_by_key(const KeyAnswer& answer, const SignedBy& by, ReadKeys* keys) {
  if (answer.kind == KeyAnswer::Kind::Failure) return {Outcome::TempError, "key unavailable"};
  if (answer.kind == KeyAnswer::Kind::Nothing || answer.records.empty()) return permanent("no key for signature");
  std::optional<Judgement> best;
  for (std::size_t n = 0; n < std::min(answer.records.size(), most_key_records); ++n) {
    const auto& text = answer.records[n];
    auto judgement = keys != nullptr ? judge_by_record(*keys->read(text), by) : judge_by_record(read_key(text), by);
    if (judgement.outcome == Outcome::Pass) return judgement;
    // A key that does not fit says more than a record that is none.
    if (!best || (judgement.outcome == Outcome::Fail && best->outcome != Outcome::Fail)) best = std::move(judgement);
  }
  return *std::move(best);
}

Verification::Verification(const Message& message, VerifyOptions options) : message_(message), options_(std::move(options)) {
  check(message.header_ended(), "a verification begins when the header is there");
  for (const auto& one : message.signatures()) {
    if (!one.problem.empty()) continue;
    auto name = key_name(one.signature.selector, one.signature.domain);
    if (std::ranges::find(key_names_, name) == key_names_.end()) key_names_.push_back(std::move(name));
  }
  ignored_ = message.fields().count("dkim-signature") - message.signatures().size();
}

std::vector<SignatureResult> Verification::results() const {
  check(message_.ended(), "a message is verified after its end");
  std::vector<SignatureResult> results;
  if (message_.header_too_long()) results.push_back({.outcome = Outcome::Neutral, .reason = "the header is too long"});
  for (const auto& candidate : message_.signatures()) results.push_back(judge(candidate));
  return results;
}

// §6.1, in the order that costs least: what the field says, the body, the key.
SignatureResult Verification::judge(const SignatureField& candidate) const {
  const auto& signature = candidate.signature;
  SignatureResult result{.domain = signature.domain, .selector = signature.selector, .identity = signature.identity, .signature = signature.text};
  if (!candidate.problem.empty()) {
    tell(result, Outcome::PermError, candidate.problem);
    return result;
  }
  result.algorithm = signature.algorithm;
  const auto found = answers_.find(key_name(signature.selector, signature.domain));
  check(found != answers_.end(), "each key that was asked for is answered");
  const auto* body = message_.body_hash({signature.body_form, signature.body_octets});
  check(body != nullptr, "the body hash of each signature is made");
  const auto digest = signed_digest(message_.fields(), signature, *candidate.field);
  auto judgement = judge_by_key(found->second, {signature.algorithm, signature.domain, signature.identity, options_.service, digest, signature.octets}, options_.keys);
  result.key_bits = judgement.key_bits;
  result.testing = judgement.testing;
  tell(result, judgement.outcome, std::move(judgement.reason));
  const bool readable = result.outcome == Outcome::Pass || result.outcome == Outcome::Fail;
  if (readable && signature.body_octets.value_or(0) > body->canonical_octets) tell(result, Outcome::PermError, "l= is longer than the body");
  else if (readable && octets_of(body->digest) != signature.body_hash) tell(result, Outcome::Fail, "body hash did not verify");
  result.unsigned_octets = body->canonical_octets - std::min(body->canonical_octets, signature.body_octets.value_or(body->canonical_octets));
  if (result.outcome == Outcome::Pass) {
    if (options_.unix_time != 0 && signature.expires && *signature.expires < options_.unix_time) tell(result, Outcome::Policy, "signature expired");
    else if (result.unsigned_octets > 0 && options_.partial_body == PartialBody::Refuse) tell(result, Outcome::Policy, "only a part of the body is signed");
  } else if (result.testing && result.outcome != Outcome::TempError) {
    tell(result, Outcome::Neutral, "testing: " + result.reason);  // §3.6.1: as if it were not signed
  }
  return result;
}

}  // namespace hikyaku::dkim
