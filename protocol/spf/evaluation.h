// SPF: whether a host may send mail in a domain's name (check_host(), RFC 7208 §4). Pure: it asks its caller for DNS records
// one question at a time, and after each answer begins anew over those it has, so that its state is nothing but answers.
//
// Bounds (§4.6.4): 10 terms that ask DNS, 2 of them without an answer, 10 hosts of an MX or PTR; so never more than about 130
// questions, whatever a domain publishes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hikyaku::spf {

enum class Outcome : std::uint8_t { None, Neutral, Pass, Fail, SoftFail, TempError, PermError };
[[nodiscard]] std::string_view outcome_name(Outcome outcome);  // "softfail" (§2.6)

struct Client {
  std::string address;    // "192.0.2.7", "2001:db8::7"
  std::string mail_from;  // "user@domain"; empty: the null reverse-path, then postmaster@helo is meant (§2.4)
  std::string helo;
  std::string receiver;   // our own name, for %{r}; empty: "unknown"
  std::uint64_t unix_time = 0;  // for %{t}
};

enum class RecordType : std::uint8_t { A, Aaaa, Mx, Ptr, Txt };
struct Question {
  RecordType type = RecordType::Txt;
  std::string name;  // lower case, without the final dot
  friend auto operator<=>(const Question&, const Question&) = default;
};
struct Answer {
  enum class Kind : std::uint8_t { Records, Nothing, Failure } kind = Kind::Nothing;  // Nothing: no such name, or no such records
  std::vector<std::string> records;  // addresses, host names, or texts; MX hosts in any order
};

struct Verdict {
  Outcome outcome = Outcome::None;
  std::string matched;      // the directive that decided: "-all"; empty: none did
  std::string explanation;  // of a Fail: the domain's own words (§6.2); empty: it has none
  std::string problem;      // of TempError and PermError: one sentence
};

class Evaluation {
 public:
  explicit Evaluation(Client client);
  // The next question, or the verdict. The same until the question is answered.
  [[nodiscard]] std::variant<Question, Verdict> next();
  void answer(const Question& question, Answer answer) { known_[question] = std::move(answer); }
  [[nodiscard]] std::size_t questions() const { return known_.size(); }

 private:
  Client client_;
  std::map<Question, Answer> known_;
};

}  // namespace hikyaku::spf
