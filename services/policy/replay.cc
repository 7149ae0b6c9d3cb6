#include "services/policy/replay.h"

#include <algorithm>
#include <tuple>

#include "base/cursor.h"
#include "services/policy/client_name.h"
#include "services/policy/sender_rules.h"

namespace hikyaku::policy {
namespace {

using Given = SessionRecord::Verdict;

constexpr std::size_t most_victims = 200'000, most_counted = 500'000;

Given given(const Judgement& judgement) {
  switch (judgement.verdict) {
    case Finding::Verdict::Refuse: return Given::Refused;
    case Finding::Verdict::Defer: return Given::Deferred;
    case Finding::Verdict::Nothing:
    case Finding::Verdict::Allow: break;
  }
  return Given::Taken;
}

// Nothing: it cannot be known.
void add(ReplayCount& count, std::optional<Given> verdict) { ++(!verdict ? count.unknown : *verdict == Given::Taken ? count.taken : *verdict == Given::Deferred ? count.deferred : count.refused); }

void count(std::unordered_map<std::string, std::uint64_t>& counts, std::string what) {
  if (counts.size() < most_counted || counts.contains(what)) ++counts[std::move(what)];
}

std::string shown(const std::string& sender) { return sender.empty() ? "<>" : sender; }

}  // namespace

Replay::Replay(Config now, Config changed, GreylistTerms terms, std::string our_name)
    : now_{std::move(now), GreylistMemory(terms)}, changed_{std::move(changed), GreylistMemory(terms)}, our_name_(std::move(our_name)) {}

const std::map<Question, Answer>& Replay::answers_of(SessionRecord& record) {
  static const std::map<Question, Answer> none;
  if (record.answers_are == SessionRecord::AnswersAre::AsBefore) {
    const auto known = sessions_.find(record.session);
    return known == sessions_.end() ? none : known->second;
  }
  const auto [at, is_new] = sessions_.insert_or_assign(record.session, std::move(record.answers));
  if (!is_new) return at->second;
  // The oldest makes room: a ring of names.
  if (session_order_.size() < most_sessions) {
    session_order_.push_back(record.session);
  } else {
    sessions_.erase(std::exchange(session_order_[oldest_session_], record.session));
    oldest_session_ = (oldest_session_ + 1) % most_sessions;
  }
  return sessions_.at(record.session);
}

// A rule that lacks an answer may still not matter: an enforced one before it decides.
Replay::Verdict Replay::judged(Side& side, const Attempt& attempt, const std::map<Question, Answer>& answers) {
  Answers known;
  for (const auto& [question, answer] : answers) known.give(question, answer);
  const GreylistLook look = [&side](const GreylistKey& key, WallTime at) { return side.memory.look(key, at); };
  for (;;) {
    auto judgement = judge(attempt, side.config, look, known);
    if (judgement.complete) {
      if (judgement.greylist) side.memory.tried(*judgement.greylist, attempt.now);
      Verdict verdict{true, given(judgement), {}, {}};
      if (judgement.decided_by) {
        const auto& by = judgement.findings[*judgement.decided_by];
        verdict.rule = entry_of(by.rule).name;
        verdict.evidence = by.evidence;
      }
      return verdict;
    }
    bool learned = false;
    for (const auto& question : known.take_wanted()) {
      const auto anew = asked_anew_.find(question);
      if (anew != asked_anew_.end()) known.give(question, anew->second), learned = true;
      else if (totals_.missing.size() < most_missing) totals_.missing.insert(question);
    }
    if (!learned) return {};
  }
}

void Replay::take(SessionRecord record) {
  const auto& answers = answers_of(record);
  auto& attempt = record.attempt;
  attempt.our_name = our_name_;
  if (totals_.records++ == 0) totals_.first = attempt.now;
  totals_.last = attempt.now;
  add(totals_.then, record.verdict);
  const auto now = judged(now_, attempt, answers), changed = judged(changed_, attempt, answers);
  add(totals_.now, now.known ? std::optional(now.verdict) : std::nullopt);
  add(totals_.changed, changed.known ? std::optional(changed.verdict) : std::nullopt);
  if (now.known && now.verdict == record.verdict) ++totals_.as_then;
  if (record.verdict == Given::Taken) ledger_.accepted(attempt.client.to_string(), attempt.reverse_path.text(), attempt.recipient.text(), attempt.now);
  if (!now.known || !changed.known) return;
  if (!now.rule.empty()) --totals_.by_rule[now.rule];
  if (!changed.rule.empty()) ++totals_.by_rule[changed.rule];
  if (now.verdict != Given::Taken && changed.verdict == Given::Taken) ++totals_.newly_taken;
  if (now.verdict == Given::Taken && changed.verdict != Given::Taken) stopped_anew(record, changed, answers);
}

void Replay::stopped_anew(const SessionRecord& record, const Verdict& by, const std::map<Question, Answer>& answers) {
  const auto& attempt = record.attempt;
  ++totals_.newly_stopped;
  if (record.verdict == Given::Taken) ++totals_.newly_stopped_taken_then;
  Answers known;
  for (const auto& [question, answer] : answers) known.give(question, answer);
  const auto name = client_name_known(attempt.client, known);
  const auto spf = spf_verdict(attempt, known);
  const auto client = attempt.client.to_string(), sender = attempt.reverse_path.text(), recipient = ascii_lower(attempt.recipient.text());
  ledger_.put_off({.at = attempt.now, .client = client, .client_name = name ? name->name : "", .helo = attempt.helo, .sender = sender, .recipient = recipient,
                   .rule = by.rule, .reason = by.evidence, .proved = spf && vouches(*spf)});
  count(clients_, client);
  count(senders_, shown(sender));
  count(recipients_, recipient);
  LedgerKey key{network_of(attempt.client), ascii_lower(sender), recipient};
  if (victims_.size() >= most_victims && !victims_.contains(key)) return;
  auto& victim = victims_[std::move(key)];
  victim = {client, name ? name->name : "", shown(sender), recipient, by.rule, by.evidence, victim.tries + 1, victim.taken_then + (record.verdict == Given::Taken ? 1 : 0),
            victim.refused || by.verdict == Given::Refused, false, {}};
}

std::vector<ReplayVictim> Replay::victims(std::size_t most) const {
  std::vector<ReplayVictim> all;
  std::map<LedgerKey, const LedgerEntry*> entries;
  for (const auto* entry : ledger_.entries()) entries[entry->key] = entry;
  for (const auto& [key, victim] : victims_) {
    all.push_back(victim);
    const auto entry = entries.find(key);
    if (entry == entries.end()) continue;
    all.back().likely = likelihood(*entry->second, ledger_.neighbours(key.network));
    all.back().came_in_later = entry->second->came_in();
  }
  const auto rank = [](const ReplayVictim& one) { return std::tuple(-one.likely.percent, -static_cast<std::int64_t>(one.tries), std::string_view(one.client), std::string_view(one.sender), std::string_view(one.recipient)); };
  std::ranges::sort(all, {}, rank);
  if (all.size() > most) all.resize(most);
  return all;
}

Replay::Ranking Replay::top(const std::unordered_map<std::string, std::uint64_t>& counts, std::size_t most) {
  Ranking all(counts.begin(), counts.end());
  std::ranges::sort(all, [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  if (all.size() > most) all.resize(most);
  return all;
}

}  // namespace hikyaku::policy
