#include "services/policy/session_record.h"

#include <array>

#include "base/percent.h"
#include "services/policy/line_word.h"

namespace hikyaku::policy {
namespace {

using Kind = Answer::Kind;

constexpr std::array<std::string_view, 5> type_names{"a", "aaaa", "mx", "txt", "ptr"};
constexpr std::array types{RecordType::A, RecordType::Aaaa, RecordType::Mx, RecordType::Txt, RecordType::Ptr};
constexpr std::string_view verdicts = "tdr";
constexpr std::size_t most_text_octets = 1'000;

std::string_view name_of(RecordType type) {
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i] == type) return type_names[i];
  return {};
}

// "-" for nothing; a text that is "-" is not.
std::string optional_word(std::string_view text) {
  if (text.empty()) return "-";
  return text == "-" ? "%2D" : line_word(text);
}
std::string short_word(std::string_view text) { return optional_word(text.substr(0, most_text_octets)); }
// As it was said, with the quotes undone.
std::string address_word(const Address& address) { return address.empty() ? "-" : short_word(address.local_part + '@' + address.domain); }

std::optional<std::string> optional_text(std::string_view word) {
  if (word == "-") return std::string{};
  if (word.empty()) return std::nullopt;
  return percent_decode(word);
}

std::string answer_word(const Question& question, const Answer& answer) {
  std::string word(name_of(question.type));
  word += '|' + line_word(question.name) + '|';
  word += answer.kind == Kind::Records ? 'r' : answer.kind == Kind::Nothing ? 'n' : 'f';
  for (const auto& record : answer.records) word += '|' + optional_word(record);
  return word;
}

// Takes what is before `end` off `text`.
std::string_view cut(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto piece = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return piece;
}

bool take_answer(std::string_view word, SessionRecord& record) {
  const auto type_word = cut(word, '|');
  std::optional<RecordType> type;
  for (std::size_t i = 0; i < types.size(); ++i)
    if (type_names[i] == type_word) type = types[i];
  auto name = percent_decode(cut(word, '|'));
  const auto kind = cut(word, '|');
  if (!type || !name || kind.size() != 1) return false;
  Answer answer;
  if (kind == "r") answer.kind = Kind::Records;
  else if (kind == "n") answer.kind = Kind::Nothing;
  else if (kind == "f") answer.kind = Kind::Failure;
  else return false;
  while (!word.empty()) {
    auto text = optional_text(cut(word, '|'));
    if (!text) return false;
    answer.records.push_back(*std::move(text));
  }
  if ((answer.kind == Kind::Records) == answer.records.empty()) return false;
  record.answers[{*type, *std::move(name)}] = std::move(answer);
  return true;
}

// "local part@domain", where the local part may be anything.
Address address_of(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {std::string(text), ""};
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

}  // namespace

std::string session_line(const SessionRecord& record) {
  const auto& attempt = record.attempt;
  std::string line = time_word(attempt.now) + ' ' + line_word(record.session) + ' ' + attempt.client.to_string() + ' ' + short_word(attempt.helo) + ' ' + address_word(attempt.reverse_path.address) + ' ' +
                     address_word(attempt.recipient) + (attempt.sender_is == SenderIs::Ours ? " 1 " : " 0 ") + verdicts[static_cast<std::size_t>(record.verdict)] + ' ' + optional_word(record.rule);
  if (record.answers_are == SessionRecord::AnswersAre::AsBefore) return line + " =\n";
  bool whole = record.answers_are == SessionRecord::AnswersAre::Here;
  for (const auto& [question, answer] : record.answers) {
    auto word = answer_word(question, answer);
    whole &= line.size() + word.size() + 4 <= longest_session_record;
    if (line.size() + word.size() + 4 <= longest_session_record) line += ' ' + std::move(word);
  }
  return line + (whole ? "\n" : " !\n");
}

std::optional<SessionRecord> parse_session_line(std::string_view line) {
  if (line.size() > longest_session_record) return std::nullopt;
  SessionRecord record;
  const auto at = time_word(cut(line, ' '));
  auto session = percent_decode(cut(line, ' '));
  const auto client = io::IpAddress::parse(cut(line, ' '));
  auto helo = optional_text(cut(line, ' '));
  const auto sender = optional_text(cut(line, ' ')), recipient = optional_text(cut(line, ' '));
  const auto ours = cut(line, ' '), verdict = cut(line, ' ');
  auto rule = optional_text(cut(line, ' '));
  if (!at || !session || session->empty() || !client || !helo || !sender || !recipient || !rule || (ours != "0" && ours != "1") || verdict.size() != 1 || verdicts.find(verdict[0]) == std::string_view::npos) return std::nullopt;
  record.session = *std::move(session);
  record.attempt = {.client = *client, .helo = *std::move(helo), .our_name = {}, .reverse_path = {sender->empty() ? Address{} : address_of(*sender)},
                    .sender_is = ours == "1" ? SenderIs::Ours : SenderIs::Foreign, .recipient = address_of(*recipient), .now = *at};
  record.verdict = static_cast<SessionRecord::Verdict>(verdicts.find(verdict[0]));
  record.rule = *std::move(rule);
  if (line == "=") {
    record.answers_are = SessionRecord::AnswersAre::AsBefore;
    return record;
  }
  while (!line.empty()) {
    const auto word = cut(line, ' ');
    if (word == "!" && line.empty()) record.answers_are = SessionRecord::AnswersAre::Cut;
    else if (!take_answer(word, record)) return std::nullopt;
  }
  return record;
}

}  // namespace hikyaku::policy
