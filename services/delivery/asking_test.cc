#include <doctest/doctest.h>

#include "services/delivery/asking.h"

namespace hikyaku::delivery {
namespace {

using smtp::EnhancedCode;
using smtp::OutcomeClass;
using smtp::RecipientOutcome;
using smtp::Stage;

enum class Said { ByPeer, ByUs };

RecipientOutcome outcome(OutcomeClass klass, Stage stage, std::uint16_t code, EnhancedCode enhanced, Said said = Said::ByPeer) {
  return {klass, stage, {code, enhanced, "words"}, said == Said::ByPeer};
}

TEST_CASE("only a reply that is about the user says that there is none") {
  struct Row {
    RecipientOutcome outcome;
    RecipientWord want;
  };
  const Row rows[] = {
      {outcome(OutcomeClass::Accepted, Stage::Rcpt, 250, {2, 1, 5}), RecipientWord::Taken},
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 550, {5, 1, 1}), RecipientWord::Unknown},
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 550, {5, 2, 1}), RecipientWord::Unknown},
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 550, {}), RecipientWord::Unknown},
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 553, {}), RecipientWord::Unknown},
      // it refuses us, not the user
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 550, {5, 7, 1}), RecipientWord::NotTold},
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 554, {5, 7, 1}), RecipientWord::NotTold},
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 554, {}), RecipientWord::NotTold},
      {outcome(OutcomeClass::Refused, Stage::Rcpt, 530, {5, 7, 0}), RecipientWord::NotTold},
      {outcome(OutcomeClass::Refused, Stage::Mail, 550, {5, 1, 8}), RecipientWord::NotTold},
      {outcome(OutcomeClass::Refused, Stage::Mail, 550, {}), RecipientWord::NotTold},
      {outcome(OutcomeClass::Refused, Stage::Hello, 550, {5, 1, 1}), RecipientWord::NotTold},
      {outcome(OutcomeClass::Refused, Stage::Mail, 550, {5, 6, 7}, Said::ByUs), RecipientWord::NotTold},
      // at another time perhaps
      {outcome(OutcomeClass::Transient, Stage::Rcpt, 450, {4, 1, 1}), RecipientWord::Later},
      {outcome(OutcomeClass::Transient, Stage::Rcpt, 450, {4, 7, 1}), RecipientWord::Later},
      {outcome(OutcomeClass::Transient, Stage::Mail, 451, {4, 3, 0}), RecipientWord::Away},
      {outcome(OutcomeClass::Transient, Stage::Connect, 421, {4, 3, 2}), RecipientWord::Away},
      {outcome(OutcomeClass::NoAnswer, Stage::Rcpt, 0, {}, Said::ByUs), RecipientWord::Away},
      {outcome(OutcomeClass::NoAnswer, Stage::Connect, 0, {}, Said::ByUs), RecipientWord::Away},
  };
  for (const auto& row : rows) {
    CAPTURE(row.outcome.reply.line());
    CHECK(word_of(row.outcome) == row.want);
  }
}

TEST_CASE("questions and findings come back, broken ones are nothing") {
  const auto question = encode(RecipientQuestion{{"Taro", "inner.example"}, "x1"});
  const auto read = decode_recipient_question(question);
  REQUIRE(read);
  CHECK(read->recipient == Address{"Taro", "inner.example"});
  CHECK(read->unlikely == "x1");
  for (std::size_t cut = 0; cut < question.size(); ++cut) CHECK_FALSE(decode_recipient_question(std::string_view(question).substr(0, cut)));
  CHECK_FALSE(decode_recipient_question(question + "x"));
  CHECK_FALSE(decode_recipient_question(encode(RecipientQuestion{{"", "inner.example"}, ""})));
  CHECK_FALSE(decode_recipient_question(encode(RecipientQuestion{{"a", ""}, ""})));
  CHECK_FALSE(decode_recipient_question(encode(RecipientQuestion{{"a", "b.example"}, std::string(65, 'x')})));
  CHECK_FALSE(decode_recipient_question(encode(RecipientQuestion{{"a", std::string(5'000, 'b')}, ""})));

  const auto finding = encode(RecipientFinding{RecipientWord::Unknown, true, "550 no"});
  const auto found = decode_recipient_finding(finding);
  REQUIRE(found);
  CHECK(found->word == RecipientWord::Unknown);
  CHECK(found->takes_everybody);
  CHECK(found->words == "550 no");
  for (std::size_t cut = 0; cut < finding.size(); ++cut) CHECK_FALSE(decode_recipient_finding(std::string_view(finding).substr(0, cut)));
  CHECK_FALSE(decode_recipient_finding(finding + "x"));
  CHECK(decode_recipient_finding(encode(RecipientFinding{RecipientWord::Busy, false, "many"}))->word == RecipientWord::Busy);
  CHECK_FALSE(decode_recipient_finding(encode(RecipientFinding{static_cast<RecipientWord>(6), false, "many"})));
  CHECK_FALSE(decode_recipient_finding("\x01\x04\x00\x00"));
}

}  // namespace
}  // namespace hikyaku::delivery
