#include "protocol/dkim/signing.h"

#include <algorithm>

#include "base/base64.h"
#include "base/check.h"
#include "protocol/dkim/verification.h"

namespace hikyaku::dkim {
namespace {

std::string form_names(Form header, Form body) {
  const auto name = [](Form form) { return std::string(form == Form::Simple ? "simple" : "relaxed"); };
  return name(header) + "/" + name(body);
}

}  // namespace

// RFC 6376 §5.4.1: what a reader is shown, and what says how the body is to be read. Nothing that hops change.
std::vector<std::string> SignTerms::usual_names() {
  return {"from",         "reply-to",   "subject",      "date",          "to",           "cc",
          "message-id",   "in-reply-to", "references",  "mime-version",  "content-type", "content-transfer-encoding",
          "content-disposition", "content-id", "content-description", "list-id", "list-help", "list-unsubscribe",
          "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive", "resent-from",
          "resent-date",  "resent-to",  "resent-cc",    "resent-message-id"};
}

std::vector<std::string> SignTerms::usual_sealed_names() {
  return {"from", "reply-to", "subject", "date", "to", "cc", "message-id", "mime-version", "content-type", "content-transfer-encoding"};
}

std::vector<std::string> names_to_sign(const FieldIndex& fields, const std::vector<std::string>& names, const std::vector<std::string>& sealed) {
  std::vector<std::string> chosen;
  for (const auto& name : names) chosen.insert(chosen.end(), fields.count(name), name);
  chosen.resize(std::min(chosen.size(), most_signed_names - std::min(sealed.size(), most_signed_names)));
  chosen.insert(chosen.end(), sealed.begin(), sealed.end());
  return chosen;
}

Digest digest_to_sign(const FieldIndex& fields, Form header_form, const std::vector<std::string>& names, const TagWriter& writer) {
  const auto whole = writer.unsigned_field();
  Signature signature;
  signature.header_form = header_form;
  signature.names = names;
  mime::HeaderField own;
  own.whole = whole;
  return signed_digest(fields, signature, own);
}

Result<ToSign, std::string> prepare_signature(const Message& message, const SignTerms& terms) {
  if (message.header_too_long()) return failure(std::string("the header is too long to be signed"));
  if (message.fields().starts_folded()) return failure(std::string("a header that begins with a folded line cannot be signed"));
  if (message.fields().count("from") == 0) return failure(std::string("a message without From cannot be signed"));
  const auto* body = message.body_hash(terms.body());
  check(body != nullptr, "the body hash of a signer is made");
  const auto names = names_to_sign(message.fields(), terms.names, terms.sealed_names);
  check(std::ranges::find(names, "from") != names.end(), "From is signed");
  TagWriter writer("DKIM-Signature");
  writer.add("v", "1");
  writer.add("a", algorithm_name(terms.algorithm));
  writer.add("c", form_names(terms.header_form, terms.body_form));
  writer.add("d", terms.domain);
  writer.add("s", terms.selector);
  if (!terms.identity.empty()) writer.add("i", terms.identity);
  writer.add("t", std::to_string(terms.unix_time));
  if (terms.valid_seconds) writer.add("x", std::to_string(terms.unix_time + *terms.valid_seconds));
  writer.add_parts("h", names, ':');
  writer.add("bh", base64_encode(octets_of(body->digest)));
  writer.add_open_signature();
  const auto digest = digest_to_sign(message.fields(), terms.header_form, names, writer);
  return ToSign{digest, std::move(writer)};
}

}  // namespace hikyaku::dkim
