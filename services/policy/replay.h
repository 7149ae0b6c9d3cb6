// Replay: judges recorded sessions anew, by the rules as they are and as they would be, and tells the difference. The same judge() as reception's, over the
// answers that DNS gave then. Pure: it is given the records in the order of time.
//
// What cannot be known is said, not guessed: an answer that nobody asked for then; the memory of greylisting, which begins empty here for both; the second try of
// a mail that was taken at its first then; rates; rules about the text.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/policy/judge.h"
#include "services/policy/ledger.h"
#include "services/policy/session_record.h"

namespace hikyaku::policy {

struct ReplayCount {
  std::uint64_t taken = 0, deferred = 0, refused = 0, unknown = 0;  // unknown: an answer is missing
};

// Refused or put off by the changed rules alone, grouped by client network, sender and recipient.
struct ReplayVictim {
  std::string client, client_name, sender, recipient, rule, evidence;
  std::uint64_t tries = 0, taken_then = 0;
  bool refused = false;  // not only put off
  bool came_in_later = false;  // mail of this sender from this network was taken after the last of them
  Likelihood likely;     // that an honest sender stands behind it, as `hikyaku refusals` estimates
};

struct ReplayTotals {
  std::uint64_t records = 0, as_then = 0;  // as_then: the rules as they are say what was said then
  WallTime first{}, last{};
  ReplayCount then, now, changed;
  // By the rule that decides: how many more (or fewer) it stops.
  std::map<std::string, std::int64_t> by_rule;
  std::uint64_t newly_stopped = 0, newly_taken = 0, newly_stopped_taken_then = 0;
  std::set<Question> missing;  // at most most_missing of them
};

class Replay {
 public:
  static constexpr std::size_t most_sessions = 20'000;  // whose answers are remembered for their further lines
  static constexpr std::size_t most_missing = 100'000;

  // `now`, `changed`: the rules to compare. `our_name`: as reception's.
  Replay(Config now, Config changed, GreylistTerms terms, std::string our_name);

  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // What DNS said when it was asked anew, for what was not recorded.
  void know(const Question& question, Answer answer) { asked_anew_[question] = std::move(answer); }
  void take(SessionRecord record);
  // Here lines are missing, or cannot be read: what "as before" would mean of any session is not known.
  void lost() { sessions_.clear(), session_order_.clear(), oldest_session_ = 0; }
  // One that is not to be judged; its answers may be those of later ones.
  void remember(SessionRecord record) { (void)answers_of(record); }

  [[nodiscard]] const ReplayTotals& totals() const { return totals_; }
  // Most tries first, at most so many.
  [[nodiscard]] std::vector<ReplayVictim> victims(std::size_t most) const;
  // Of the newly stopped: the clients, senders and recipients with the most, at most so many of each.
  using Ranking = std::vector<std::pair<std::string, std::uint64_t>>;
  [[nodiscard]] static Ranking top(const std::unordered_map<std::string, std::uint64_t>& counts, std::size_t most);
  [[nodiscard]] Ranking top_clients(std::size_t most) const { return top(clients_, most); }
  [[nodiscard]] Ranking top_senders(std::size_t most) const { return top(senders_, most); }
  [[nodiscard]] Ranking top_recipients(std::size_t most) const { return top(recipients_, most); }

 private:
  struct Side {
    Config config;
    GreylistMemory memory;
  };
  struct Verdict {
    bool known = false;
    SessionRecord::Verdict verdict = SessionRecord::Verdict::Taken;
    std::string rule, evidence;
  };
  [[nodiscard]] const std::map<Question, Answer>& answers_of(SessionRecord& record);
  [[nodiscard]] Verdict judged(Side& side, const Attempt& attempt, const std::map<Question, Answer>& answers);
  void stopped_anew(const SessionRecord& record, const Verdict& by, const std::map<Question, Answer>& answers);

  Side now_, changed_;
  const std::string our_name_;
  ReplayTotals totals_;
  std::map<Question, Answer> asked_anew_;
  std::unordered_map<std::string, std::map<Question, Answer>> sessions_;
  std::vector<std::string> session_order_;
  std::size_t oldest_session_ = 0;
  Ledger ledger_;
  std::map<LedgerKey, ReplayVictim> victims_;
  std::unordered_map<std::string, std::uint64_t> clients_, senders_, recipients_;
};

}  // namespace hikyaku::policy
