#include "protocol/arc/sealing.h"

#include <algorithm>

#include "base/base64.h"
#include "base/check.h"
#include "protocol/authres/authres.h"

namespace hikyaku::arc {
namespace {

dkim::TagWriter write_signature(unsigned instance, const dkim::BodyHash& body, const std::vector<std::string>& names, const SealTerms& terms) {
  dkim::TagWriter writer("ARC-Message-Signature", dkim::SignatureLines::One);
  writer.add("a", dkim::algorithm_name(terms.algorithm));
  writer.add_open_signature();
  writer.add("bh", base64_encode(dkim::octets_of(body.digest)));
  writer.add("c", "relaxed/relaxed");
  writer.add("d", terms.domain);
  writer.add_parts("h", names, ':');
  writer.add("i", std::to_string(instance));
  writer.add("s", terms.selector);
  writer.add("t", std::to_string(terms.unix_time));
  return writer;
}

dkim::TagWriter write_seal(unsigned instance, Status status, const SealTerms& terms) {
  dkim::TagWriter writer("ARC-Seal", dkim::SignatureLines::One);
  writer.add("a", dkim::algorithm_name(terms.algorithm));
  writer.add_open_signature();
  writer.add("cv", status_name(status));
  writer.add("d", terms.domain);
  writer.add("i", std::to_string(instance));
  writer.add("s", terms.selector);
  writer.add("t", std::to_string(terms.unix_time));
  return writer;
}

}  // namespace

std::vector<std::string> SealTerms::usual_names() {
  auto names = dkim::SignTerms::usual_names();
  names.emplace_back("dkim-signature");
  return names;
}

Result<Sealing, std::string> begin_sealing(const dkim::Message& message, const std::vector<Set>& sets, const Verdict& verdict, const SealTerms& terms, std::string_view results) {
  if (message.header_too_long()) return failure(std::string("the header is too long to be sealed"));
  if (verdict.ended) return failure(std::string("the chain has ended with cv=fail"));
  if (verdict.highest >= most_instances) return failure(std::string("the chain has 50 instances"));
  if (message.fields().starts_folded()) return failure(std::string("a header that begins with a folded line cannot be sealed"));
  const auto* body = message.body_hash(SealTerms::body());
  check(body != nullptr, "the body hash of a sealer is made");
  const unsigned instance = verdict.highest + 1;
  // A chain that did not begin at 1 has failed; one of ours begins there.
  const auto status = instance == 1 && verdict.status != Status::Fail ? Status::None : verdict.status;
  const auto names = dkim::names_to_sign(message.fields(), terms.names, {});
  Sealing sealing(write_signature(instance, *body, names, terms), write_seal(instance, status, terms));
  sealing.results_field_ = "ARC-Authentication-Results: i=" + std::to_string(instance) + "; " + terms.authserv_id + (results == "none" ? "; " : ";\r\n\t") + std::string(results) + "\r\n";
  if (status == Status::Pass)
    for (const auto& set : sets)
      for (const auto* field : {set.results, set.message_signature, set.seal}) dkim::append_canonical_field(dkim::Form::Relaxed, field->whole, sealing.sealed_before_);
  sealing.digest_ = dkim::digest_to_sign(message.fields(), dkim::Form::Relaxed, names, sealing.signature_);
  return sealing;
}

void Sealing::take(std::string_view octets) {
  check(step_ != Step::Done, "a seal takes two signatures");
  if (step_ == Step::MessageSignature) {
    step_ = Step::Seal;
    fields_ = signature_.signed_field(octets) + results_field_;
    auto text = std::move(sealed_before_);
    dkim::append_canonical_field(dkim::Form::Relaxed, results_field_, text);
    dkim::append_canonical_field(dkim::Form::Relaxed, signature_.signed_field(octets), text);
    dkim::append_canonical_field(dkim::Form::Relaxed, seal_.unsigned_field(), text);
    text.resize(text.size() - 2);
    dkim::Sha256 hash;
    hash.add(text);
    digest_ = hash.finish();
    return;
  }
  step_ = Step::Done;
  fields_ = seal_.signed_field(octets) + fields_;
}

std::optional<Status> told_status(const dkim::FieldIndex& fields, std::string_view authserv_id) {
  std::optional<Status> told;
  for (const auto* field : fields.first("authentication-results", authres::most_results)) {
    const auto read = authres::parse(field->value);
    if (!read || !equal_ignoring_case(read->authserv_id, authserv_id)) continue;
    if (!told) told = Status::None;
    for (const auto& one : read->results)
      if (equal_ignoring_case(one.method, "arc")) return one.result == "pass" ? Status::Pass : one.result == "none" ? Status::None : Status::Fail;
  }
  return told;
}

std::string merged_results(const dkim::FieldIndex& fields, std::string_view authserv_id) {
  std::string merged;
  for (const auto* field : fields.first("authentication-results", authres::most_results)) {
    const auto payload = authres::read_payload(field->value);
    if (!payload || payload->results.empty() || !equal_ignoring_case(payload->authserv_id, authserv_id)) continue;
    if (!merged.empty()) merged += ";\r\n\t";
    merged += payload->results;
  }
  return merged.empty() ? "none" : merged;
}

}  // namespace hikyaku::arc
