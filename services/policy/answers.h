// Answers: what DNS has said about one session, and what the rules still want to know. Rules are pure: they ask here, and one that
// gets null cannot judge yet. Whoever drives them looks up all that is wanted, at once, gives the answers and has the rules judge anew.
//
// Bounded: after most_questions of a session every further one is answered by a failure, so that no published record makes us ask for ever.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/spf/evaluation.h"

namespace hikyaku::policy {

using spf::RecordType;
using Question = spf::Question;
// MX: the hosts in any order; one that is empty says that the domain takes no mail (RFC 7505).
using Answer = spf::Answer;

class Answers {
 public:
  static constexpr std::size_t most_questions = 600;

  // Null: not known yet; it is wanted from now on. `name`: lower case, no final dot. Valid until the object ends.
  const Answer* ask(RecordType type, std::string name);
  void give(const Question& question, Answer answer) { known_[question] = std::move(answer), ++revision_; }
  // What DNS failed to say is asked anew.
  void forget_failures() {
    if (std::erase_if(known_, [](const auto& one) { return one.second.kind == Answer::Kind::Failure; }) == 0) return;
    ++revision_;
    spf_.reset();
  }
  [[nodiscard]] std::uint64_t revision() const { return revision_; }  // another one: something is known that was not, or is not that was
  // What was asked for in vain since the last call.
  [[nodiscard]] std::set<Question> take_wanted() { return std::exchange(wanted_, {}); }
  // SPF's verdict on a sender, worked out once though several rules want it of every recipient. Null: not kept.
  [[nodiscard]] const spf::Verdict* spf_of(std::string_view mail_from, std::string_view helo) const {
    return spf_ && spf_->mail_from == mail_from && spf_->helo == helo ? &spf_->verdict : nullptr;
  }
  void keep_spf_of(std::string mail_from, std::string helo, spf::Verdict verdict) { spf_ = {std::move(mail_from), std::move(helo), std::move(verdict)}; }
  [[nodiscard]] bool wants() const { return !wanted_.empty(); }
  [[nodiscard]] const std::map<Question, Answer>& known() const { return known_; }

 private:
  struct SpfOf {
    std::string mail_from, helo;
    spf::Verdict verdict;
  };
  std::map<Question, Answer> known_;
  std::optional<SpfOf> spf_;
  std::set<Question> wanted_;
  std::uint64_t revision_ = 0;
};

}  // namespace hikyaku::policy
