#include "services/policy/greylist.h"

#include "base/check.h"

namespace hikyaku::policy {
std::string network_of(const io::IpAddress& client) {
  const bool v4 = client.family() == io::IpFamily::V4;
  std::string octets(client.octets());
  const std::size_t kept = v4 ? 3 : 8;
  octets.replace(kept, octets.size() - kept, octets.size() - kept, '\0');
  const auto base = io::IpAddress::from_octets(octets);
  check(base.has_value(), "an address of as many octets");
  return io::IpNetwork(*base, v4 ? 24 : 64).to_string();
}

GreylistMemory::Verdict GreylistMemory::look(const GreylistKey& key, WallTime now) const {
  using Kind = Verdict::Kind;
  if (const auto known = known_.find(key.source); known != known_.end() && now - known->second.last < terms_.known_for)
    return {.kind = Kind::KnownSource, .known = known->second};
  const auto waits = waiting_.find(key);
  if (waits == waiting_.end() || now - waits->second.first > terms_.window) return {.kind = Kind::New, .passes_at = now + terms_.wait};
  const auto passes_at = waits->second.first + terms_.wait;
  if (now < passes_at) return {.kind = Kind::TooEarly, .passes_at = passes_at, .waiting = waits->second};
  return {.kind = Kind::Passes, .passes_at = passes_at, .waiting = waits->second};
}

GreylistMemory::Verdict GreylistMemory::tried(const GreylistKey& key, WallTime now) {
  using Kind = Verdict::Kind;
  const auto verdict = look(key, now);
  switch (verdict.kind) {
    case Kind::KnownSource: put(key.source, {verdict.known.since, std::max(now, verdict.known.last), verdict.known.mails + 1}); break;
    case Kind::Passes:
      forget(key);
      put(key.source, {now, now, 1});
      break;
    case Kind::TooEarly: put(key, {verdict.waiting.first, std::max(now, verdict.waiting.last), verdict.waiting.tries + 1}); break;
    case Kind::New: put(key, {now, now, 1}); break;
  }
  return verdict;
}

void GreylistMemory::stayed(const GreylistKey& key, WallTime now) {
  forget(key);
  const auto known = known_.find(key.source);
  put(key.source, known == known_.end() ? Known{now, now, 1} : Known{known->second.since, std::max(now, known->second.last), known->second.mails + 1});
}

bool GreylistMemory::tend(WallTime now, std::size_t most) {
  for (; most > 0 && !waiting_by_age_.empty(); --most) {
    const auto at = waiting_.find(*waiting_by_age_.begin()->second);
    if (now - at->second.last <= terms_.window) break;
    erase_waiting(at);
  }
  for (; most > 0 && !known_by_age_.empty(); --most) {
    const auto at = known_.find(*known_by_age_.begin()->second);
    if (now - at->second.last < terms_.known_for) break;
    erase_known(at);
  }
  return most == 0;
}

void GreylistMemory::restore(GreylistKey key, Waiting waiting) { put(std::move(key), waiting); }
void GreylistMemory::restore(std::string source, Known known) { put(std::move(source), known); }

bool GreylistMemory::forget_source(const std::string& source) {
  for (auto at = waiting_.lower_bound({source, "", ""}); at != waiting_.end() && at->first.source == source;) erase_waiting(at++);
  const auto at = known_.find(source);
  if (at == known_.end()) return false;
  erase_known(at);
  return true;
}

bool GreylistMemory::forget(const GreylistKey& key) {
  const auto at = waiting_.find(key);
  if (at == waiting_.end()) return false;
  erase_waiting(at);
  return true;
}

void GreylistMemory::put(GreylistKey key, Waiting waiting) {
  if (const auto source = of_source_.find(key.source); source != of_source_.end() && source->second >= terms_.most_of_source && !waiting_.contains(key)) return;
  const auto [at, is_new] = waiting_.try_emplace(std::move(key), waiting);
  if (is_new) ++of_source_[at->first.source];
  if (!is_new) waiting_by_age_.erase({at->second.last, &at->first});
  at->second = waiting;
  waiting_by_age_.emplace(waiting.last, &at->first);
  while (waiting_.size() > terms_.most) erase_waiting(waiting_.find(*waiting_by_age_.begin()->second));
}

void GreylistMemory::put(std::string source, Known known) {
  const auto [at, is_new] = known_.try_emplace(std::move(source), known);
  if (!is_new) known_by_age_.erase({at->second.last, &at->first});
  at->second = known;
  known_by_age_.emplace(known.last, &at->first);
  while (known_.size() > terms_.most) erase_known(known_.find(*known_by_age_.begin()->second));
}

void GreylistMemory::erase_waiting(std::map<GreylistKey, Waiting>::iterator at) {
  waiting_by_age_.erase({at->second.last, &at->first});
  if (const auto source = of_source_.find(at->first.source); --source->second == 0) of_source_.erase(source);
  waiting_.erase(at);
}

void GreylistMemory::erase_known(std::map<std::string, Known>::iterator at) {
  known_by_age_.erase({at->second.last, &at->first});
  known_.erase(at);
}

}  // namespace hikyaku::policy
