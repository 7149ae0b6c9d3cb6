#include "services/delivery/asking.h"

#include "base/wire.h"

namespace hikyaku::delivery {
namespace {

constexpr std::uint8_t form = 1;
constexpr std::size_t most_octets = 4'096, most_local_part = 64;

}  // namespace

RecipientWord word_of(const smtp::RecipientOutcome& outcome) {
  if (outcome.klass == smtp::OutcomeClass::Accepted) return RecipientWord::Taken;
  if (outcome.klass == smtp::OutcomeClass::Transient && outcome.said_by_peer && outcome.stage == smtp::Stage::Rcpt) return RecipientWord::Later;
  if (outcome.klass != smtp::OutcomeClass::Refused) return RecipientWord::Away;
  if (!outcome.said_by_peer || outcome.stage != smtp::Stage::Rcpt) return RecipientWord::NotTold;
  const auto& reply = outcome.reply;
  if (reply.enhanced.given()) return reply.enhanced.subject == 1 || reply.enhanced.subject == 2 ? RecipientWord::Unknown : RecipientWord::NotTold;
  return reply.code == 550 || reply.code == 551 || reply.code == 553 ? RecipientWord::Unknown : RecipientWord::NotTold;
}

std::string encode(const RecipientQuestion& question) {
  return WireWriter{}.u8(form).text(question.recipient.local_part).text(question.recipient.domain).text(question.unlikely).bytes();
}

std::optional<RecipientQuestion> decode_recipient_question(std::string_view bytes) {
  if (bytes.size() > most_octets) return std::nullopt;
  WireReader in(bytes);
  if (in.u8() != form) return std::nullopt;
  RecipientQuestion question;
  question.recipient.local_part = in.text();
  question.recipient.domain = in.text();
  question.unlikely = in.text();
  if (!in.complete() || question.recipient.local_part.empty() || question.recipient.domain.empty() || question.unlikely.size() > most_local_part) return std::nullopt;
  return question;
}

std::string encode(const RecipientFinding& finding) {
  return WireWriter{}.u8(form).u8(static_cast<std::uint8_t>(finding.word)).u8(finding.takes_everybody ? 1 : 0).text(finding.words).bytes();
}

std::optional<RecipientFinding> decode_recipient_finding(std::string_view bytes) {
  WireReader in(bytes);
  if (in.u8() != form) return std::nullopt;
  RecipientFinding finding;
  const auto word = in.u8(), everybody = in.u8();
  finding.word = static_cast<RecipientWord>(word);
  finding.takes_everybody = everybody == 1;
  finding.words = in.text();
  if (!in.complete() || word > static_cast<std::uint8_t>(RecipientWord::Busy) || everybody > 1) return std::nullopt;
  return finding;
}

}  // namespace hikyaku::delivery
