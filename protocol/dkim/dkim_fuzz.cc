// Any message and any key records: a verification ends, whatever way the message is cut; what a signer makes of the same
// message verifies. The input: one octet that says how it is cut, a line with the key record, then the message.
#include <cstdlib>

#include "base/base64.h"
#include "protocol/dkim/signing.h"
#include "protocol/dkim/verification.h"

using namespace hikyaku::dkim;

namespace {

void feed(Message& message, std::string_view text, std::size_t step) {
  for (std::size_t at = 0; at < text.size(); at += step) message.feed(text.substr(at, step));
  message.end();
}

std::vector<SignatureResult> verify(const Message& message, const std::string& record) {
  Verification verification(message, {.unix_time = 1'700'000'000});
  if (verification.key_names().size() > message.limits().most_signatures) std::abort();
  for (const auto& name : verification.key_names())
    verification.answer(name, {record == "!" ? KeyAnswer::Kind::Failure : KeyAnswer::Kind::Records, {record}});
  return verification.results();
}

void sign_and_verify(std::string_view text) {
  static const auto key = PrivateKey::generate(Algorithm::Ed25519Sha256);
  static const auto record = key_record_text(Algorithm::Ed25519Sha256, key.public_octets());
  SignTerms terms{.algorithm = Algorithm::Ed25519Sha256, .domain = "a.example", .selector = "s"};
  Message message({}, {terms.body()});
  feed(message, text, 1000);
  const auto to_sign = prepare_signature(message, terms);
  if (!to_sign) return;
  Message with_signature;
  feed(with_signature, to_sign->field(key.sign(to_sign->digest)) + std::string(text), 1000);
  const auto results = verify(with_signature, record);
  if (results.empty() || results.front().outcome != Outcome::Pass) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] + std::size_t{1};
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string record(text.substr(0, text.find('\n')));
  text.remove_prefix(std::min(record.size() + 1, text.size()));
  Message whole, cut;
  feed(whole, text, text.size() + 1);
  feed(cut, text, step);
  const auto a = verify(whole, record), b = verify(cut, record);
  if (a.size() != b.size()) std::abort();
  for (std::size_t n = 0; n < a.size(); ++n)
    if (a[n].outcome != b[n].outcome || a[n].reason != b[n].reason || a[n].unsigned_octets != b[n].unsigned_octets) std::abort();
  sign_and_verify(text);
  return 0;
}
