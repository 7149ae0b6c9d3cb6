// SessionRecord: one recipient that was judged, with what DNS said of it, as a line of the record that `hikyaku policy replay` judges anew. Foreign texts are
// percent-encoded; a line that cannot be read (a torn end, another version's) is nothing. Pure, bounded, linear.
//
//   AT SESSION CLIENT HELO SENDER RECIPIENT OURS VERDICT RULE ANSWERS
//
// AT: seconds since 1970; SESSION: a name of the connection's own; SENDER, HELO: "-" for none; OURS: 1 when the sender is an address of this server; VERDICT:
// taken, deferred, refused; RULE: that decided, or "-". ANSWERS: "=" when they are those of the session's line before this one, else one word for each
// answer: TYPE|NAME|KIND, and |RECORD for each record; KIND: r records, n nothing, f failure. "!" after them: there were more than a line holds.
//
// Where lines found no room a line "gap" stands, which is no record: as behind any line that cannot be read, what "=" would point at may be missing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/policy/answers.h"
#include "services/policy/attempt.h"

namespace hikyaku::policy {

struct SessionRecord {
  enum class Verdict : std::uint8_t { Taken, Deferred, Refused };
  enum class AnswersAre : std::uint8_t { Here, AsBefore, Cut };

  std::string session;
  Attempt attempt;  // without our name
  Verdict verdict = Verdict::Taken;
  std::string rule;  // empty: none decided
  AnswersAre answers_are = AnswersAre::Here;
  std::map<Question, Answer> answers;  // AsBefore: empty
};

inline constexpr std::string_view sessions_heading = "hikyaku-sessions 1", sessions_gap = "gap";
inline constexpr std::size_t longest_session_record = 64 << 10;

[[nodiscard]] std::string session_line(const SessionRecord& record);  // with its line feed, at most longest_session_record octets
[[nodiscard]] std::optional<SessionRecord> parse_session_line(std::string_view line);

}  // namespace hikyaku::policy
