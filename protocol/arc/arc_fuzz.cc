// Any header: a chain is judged within its bounds, and what is sealed here on top of it is judged as the seal says. The input:
// a line with the key record, then the message.
#include <cstdlib>

#include "protocol/arc/sealing.h"

using namespace hikyaku;

namespace {

template <class Any>
void answer(Any& verification, const std::string& record, const std::string& own_record) {
  if (verification.key_names().size() > 100) std::abort();
  for (const auto& name : verification.key_names())
    verification.answer(name, {record == "!" ? dkim::KeyAnswer::Kind::Failure : dkim::KeyAnswer::Kind::Records, {name == "s._domainkey.own.example" ? own_record : record}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto key = dkim::PrivateKey::generate(dkim::Algorithm::Ed25519Sha256);
  static const auto own_record = dkim::key_record_text(dkim::Algorithm::Ed25519Sha256, key.public_octets());
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string record(text.substr(0, text.find('\n')));
  text.remove_prefix(std::min(record.size() + 1, text.size()));
  dkim::Message message({}, {arc::SealTerms::body()});
  message.feed(text);
  message.end();
  arc::Verification verification(message);
  answer(verification, record, own_record);
  const auto verdict = verification.verdict();
  if (verdict.highest > arc::most_instances || (verdict.status == arc::Status::Pass && verdict.sealers.size() != verdict.highest)) std::abort();

  arc::SealTerms terms;
  terms.algorithm = dkim::Algorithm::Ed25519Sha256, terms.domain = "own.example", terms.selector = "s", terms.authserv_id = "mx.example";
  auto sealing = arc::begin_sealing(message, verification.sets(), verdict, terms, "none");
  if (!sealing) return 0;
  sealing->take(key.sign(sealing->digest()));
  sealing->take(key.sign(sealing->digest()));
  dkim::Message longer;
  longer.feed(sealing->fields() + std::string(text));
  longer.end();
  arc::Verification again(longer, arc::OldestPass::Wanted);
  answer(again, record, own_record);
  const auto outcome = again.verdict();
  const auto wanted = verdict.status == arc::Status::Fail ? arc::Status::Fail : arc::Status::Pass;
  if (outcome.status != wanted && record != "!") std::abort();
  if (outcome.oldest_pass.value_or(0) > outcome.highest) std::abort();
  return 0;
}
