#include "services/delivery/in_hand.h"

#include <algorithm>
#include <utility>

namespace hikyaku::delivery {
namespace {
constexpr std::size_t forgotten_at_once = 2'000;
}  // namespace

bool InHand::take(const spool::MessageRef& message, std::uint32_t recipient) {
  const std::lock_guard lock(mutex_);
  const DeferredEntry entry{message.id, recipient};
  return !busy_.contains(entry) && taken_.try_emplace(entry, Taken{message}).second;
}

void InHand::over(const spool::MessageRef& message, std::uint32_t recipient) {
  const std::lock_guard lock(mutex_);
  const DeferredEntry entry{message.id, recipient};
  const auto at = taken_.find(entry);
  if (at == taken_.end()) return;
  if (at->second.let_go) {
    taken_.erase(at);
    return;
  }
  at->second.over = true;
  over_.push_back(entry);
}

void InHand::give_back(const spool::MessageRef& message, std::uint32_t recipient) {
  const std::lock_guard lock(mutex_);
  const auto at = taken_.find({message.id, recipient});
  if (at == taken_.end()) return;
  if (at->second.let_go) orphans_.emplace_back(message, recipient);
  taken_.erase(at);
}

// Whoever met it was the only one who had it in memory.
InHand::Meeting InHand::meet(const DeferredEntry& entry) {
  const auto at = taken_.find(entry);
  if (at == taken_.end()) return Meeting::NotTaken;
  const auto meeting = at->second.passed_on ? Meeting::Silent : Meeting::EndsClaim;
  if (at->second.over) taken_.erase(at);
  else at->second.let_go = true;
  return meeting;
}

void InHand::pass_on(const DeferredEntry& entry) {
  const std::lock_guard lock(mutex_);
  if (const auto at = taken_.find(entry); at != taken_.end()) at->second.passed_on = true;
}

bool InHand::begin(const DeferredEntry& entry) {
  auto meeting = Meeting::NotTaken;
  {
    const std::lock_guard lock(mutex_);
    meeting = meet(entry);
    if (meeting == Meeting::NotTaken) ++busy_[entry];
  }
  if (meeting == Meeting::EndsClaim) let_go_(entry);
  return meeting == Meeting::NotTaken;
}

void InHand::end(const DeferredEntry& entry) {
  const std::lock_guard lock(mutex_);
  const auto at = busy_.find(entry);
  if (at != busy_.end() && --at->second == 0) busy_.erase(at);
}

bool InHand::begin(const Message& message, std::uint32_t recipient) {
  return message.history.contains(recipient) || begin({message.ref.id, recipient});
}

void InHand::end(const Message& message, std::uint32_t recipient) {
  if (!message.history.contains(recipient)) end({message.ref.id, recipient});
}

bool InHand::left(const Message& message, std::uint32_t recipient) {
  std::vector<std::uint32_t> one{recipient};
  if (!message.history.contains(recipient)) leave(message.ref.id, one);
  return one.empty();
}

void InHand::leave(const TraceId& message, std::vector<std::uint32_t>& recipients) {
  std::vector<DeferredEntry> gone;
  {
    const std::lock_guard lock(mutex_);
    if (taken_.empty()) return;
    std::erase_if(recipients, [&](std::uint32_t recipient) {
      const DeferredEntry entry{message, recipient};
      const auto meeting = meet(entry);
      if (meeting == Meeting::EndsClaim) gone.push_back(entry);
      return meeting != Meeting::NotTaken;
    });
  }
  for (const auto& entry : gone) let_go_(entry);
}

InHand::Busy::Busy(InHand& all, const Message& message, std::vector<std::uint32_t>& recipients) : all_(all) {
  std::erase_if(recipients, [&](std::uint32_t recipient) {
    if (message.history.contains(recipient)) return false;
    const DeferredEntry entry{message.ref.id, recipient};
    if (!all_.begin(entry)) return true;
    begun_.push_back(entry);
    return false;
  });
}

InHand::Busy::~Busy() {
  for (const auto& entry : begun_) all_.end(entry);
}

void InHand::forget(const std::function<bool(const DeferredEntry&)>& claimed) {
  const std::lock_guard lock(mutex_);
  for (auto left = std::min(over_.size(), forgotten_at_once); left > 0; --left) {
    const auto entry = over_.front();
    over_.pop_front();
    if (const auto at = taken_.find(entry); at == taken_.end() || !at->second.over || at->second.passed_on) continue;
    if (claimed(entry)) over_.push_back(entry);
    else taken_.erase(entry);
  }
}

std::vector<std::pair<spool::MessageRef, std::uint32_t>> InHand::take_orphans() {
  const std::lock_guard lock(mutex_);
  return std::exchange(orphans_, {});
}

void InHand::add_orphan(const spool::MessageRef& message, std::uint32_t recipient) {
  const std::lock_guard lock(mutex_);
  orphans_.emplace_back(message, recipient);
}

bool InHand::taken(const DeferredEntry& entry) const {
  const std::lock_guard lock(mutex_);
  return taken_.contains(entry);
}

bool InHand::idle() const {
  const std::lock_guard lock(mutex_);
  return taken_.empty() && orphans_.empty();
}

}  // namespace hikyaku::delivery
