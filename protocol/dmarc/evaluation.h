// DMARC (RFC 7489, RFC 9989): whether what SPF and DKIM proved is of the domain that the reader sees, and what that domain wants
// done otherwise. Pure: it asks its caller for DNS records one question at a time, and after each answer begins anew over
// those it has, as protocol/spf does.
//
// Bounds: 8 questions for each tree walk (RFC 9989 §4.10), one walk for the author's domain and one for each proved domain that
// may share its organization, at most 16 of these.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/dkim/message.h"
#include "protocol/dkim/verification.h"
#include "protocol/dmarc/public_suffix.h"
#include "protocol/dmarc/record.h"
#include "protocol/spf/evaluation.h"

namespace hikyaku::dmarc {

// ---- whose mail it says it is

enum class AuthorProblem : std::uint8_t { NoFrom, SeveralFrom, NoDomain, SeveralDomains };
[[nodiscard]] std::string_view problem_text(AuthorProblem problem);
// The one domain of From, canonical (RFC 7489 §6.6.1).
[[nodiscard]] Result<std::string, AuthorProblem> author_domain(const dkim::FieldIndex& fields);

// ---- what was proved

struct SpfResult {
  std::string domain;  // of MAIL FROM, or of HELO for the null reverse-path
  spf::Outcome outcome = spf::Outcome::None;
};
struct DkimResult {
  std::string domain, selector;
  dkim::Outcome outcome = dkim::Outcome::Neutral;
};
inline constexpr std::size_t most_dkim_results = 16;

struct Facts {
  std::string author_domain;  // canonical
  SpfResult spf;
  std::vector<DkimResult> dkim;
};

// How the organization of a domain is found: up the DNS tree (RFC 9989 §4.10), or by a list (RFC 7489 §3.2).
struct TreeWalk {};
struct BySuffixList {
  const PublicSuffixList* list;  // outlives the evaluation
};
struct Options {
  std::variant<TreeWalk, BySuffixList> discovery = TreeWalk{};
  unsigned sample = 0;  // 0..99, by chance for each message: pct= applies the policy when it is below (RFC 7489 §6.6.4)
};

// ---- the conversation

enum class QuestionKind : std::uint8_t { Txt, Exists };  // Exists: has the name A, AAAA or MX? (RFC 9091 §2.6; for np=)
struct Question {
  QuestionKind kind = QuestionKind::Txt;
  std::string name;
  friend auto operator<=>(const Question&, const Question&) = default;
};
struct Answer {
  enum class Kind : std::uint8_t { Records, Nothing, Failure } kind = Kind::Nothing;
  std::vector<std::string> records;  // texts; of Exists: not looked at
};

enum class Outcome : std::uint8_t { None, Pass, Fail, TempError, PermError };
[[nodiscard]] std::string_view outcome_name(Outcome outcome);
enum class Override : std::uint8_t { None, SampledOut, TestMode };  // why the disposition is milder than the policy

struct Verdict {
  Outcome outcome = Outcome::None;
  Policy policy = Policy::None;       // that applies to this mail: p=, sp= or np=
  Policy disposition = Policy::None;  // what the domain asks for: of Fail the policy, after pct= and t=; else None
  Override milder = Override::None;
  bool spf_aligned = false, dkim_aligned = false;  // and passed
  std::string organizational_domain;  // of the author; empty: nothing depended on it, and it was not looked for
  std::string policy_domain;          // where the record stands
  std::optional<Record> record;
  std::string problem;  // of TempError, PermError, and None where there is more to say
};

class Evaluation {
 public:
  Evaluation(Facts facts, Options options);
  // The next question, or the verdict. The same until the question is answered.
  [[nodiscard]] std::variant<Question, Verdict> next();
  void answer(const Question& question, Answer answer) { known_[question] = std::move(answer); }
  [[nodiscard]] std::size_t questions() const { return known_.size(); }

 private:
  Facts facts_;
  Options options_;
  std::map<Question, Answer> known_;
};

}  // namespace hikyaku::dmarc
