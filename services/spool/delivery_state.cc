#include "services/spool/delivery_state.h"

#include <algorithm>

namespace hikyaku::spool {
namespace {
using Dead = std::vector<std::pair<TraceId, Held>>;
constexpr std::uint32_t most_recipients = 1'000'000;  // of one message; a damaged count must not take the memory
}  // namespace

void DeliveryState::apply(const LogRecord& record, Dead& dead) {
  std::visit([&](const auto& one) { apply_one(one, dead); }, record);
}

void DeliveryState::settle(const MessageRef& message, std::uint32_t recipient, Settled how, std::string_view account) {
  if (released(message.journal, message.at.segment)) return;
  auto& recipients = journals_[message.journal].segments[message.at.segment][message.at.offset];
  const auto at = std::ranges::find(recipients, recipient, &SettledRecipient::recipient);
  if (at == recipients.end()) {
    recipients.push_back({recipient, how, std::string(account)});
  } else if (at->how != Settled::Final) {
    *at = {recipient, how, std::string(account)};
  }
}

void DeliveryState::close_held(const TraceId& id, std::uint32_t recipient, Dead& dead) {
  const auto at = held_.find(id);
  if (at == held_.end()) return;
  auto& open = at->second.open;
  const auto one = std::ranges::find(open, recipient, [](const auto& held) { return held.schedule.recipient; });
  if (one == open.end()) return;
  if (!one->fresh) --deferred_;
  *one = std::move(open.back());
  open.pop_back();
  if (!open.empty()) return;
  count(at->second, -1);
  dead.emplace_back(id, std::move(at->second));
  held_.erase(at);
}

void DeliveryState::count(const Held& held, int sign) {
  auto& live = live_octets_[held.at.segment];
  live += static_cast<std::uint64_t>(sign) * held.octets;
  held_octets_ += static_cast<std::uint64_t>(sign) * held.octets;
  if (live == 0) live_octets_.erase(held.at.segment);
}

void DeliveryState::place(const HoldingRecord& record) {
  const auto [at, added] = held_.try_emplace(record.id);
  if (!added) count(at->second, -1);
  at->second.at = record.at;
  at->second.octets = record.octets;
  at->second.blob = record.blob;
  count(at->second, +1);
}

void DeliveryState::apply_one(const OutcomeRecord& record, Dead& dead) {
  for (const auto& one : record.outcomes) {
    if (record.message.journal == 0)
      close_held(record.message.id, one.recipient, dead);
    else
      settle(record.message, one.recipient, one.outcome == Outcome::DeliveredLazy ? Settled::Lazy : Settled::Final, one.account);
  }
}

void DeliveryState::apply_one(const DeferredRecord& record, Dead&) {
  for (const auto& schedule : record.recipients)
    if (record.message.journal != 0) settle(record.message, schedule.recipient, Settled::Final, {});
  const auto at = held_.find(record.message.id);
  if (at == held_.end()) return;
  auto& open = at->second.open;
  for (const auto& schedule : record.recipients) {
    const auto one = std::ranges::find(open, schedule.recipient, [](const auto& held) { return held.schedule.recipient; });
    if (one == open.end()) {
      open.push_back({false, schedule});
      ++deferred_;
      continue;
    }
    if (one->fresh) ++deferred_;
    const auto told = one->schedule.failure_class & delay_told_bit;
    *one = {false, schedule};
    one->schedule.failure_class |= told;
  }
}

void DeliveryState::apply_one(const HoldingRecord& record, Dead&) { place(record); }

void DeliveryState::apply_one(const GeneratedRecord& record, Dead&) {
  if (held_.contains(record.text.id)) return;  // repeated
  place(record.text);
  auto& open = held_[record.text.id].open;
  for (std::uint32_t i = 0; i < std::min(record.recipients, most_recipients); ++i) {
    HeldRecipient one{true, {}};
    one.schedule.recipient = i;
    open.push_back(std::move(one));
  }
}

void DeliveryState::apply_one(const ReleasedRecord& record, Dead&) {
  auto& journal = journals_[record.journal];
  journal.segments.erase(record.segment);
  journal.released[record.segment] = true;
  // The journal's own release file remembers; here the newest few are enough to survive the loss of it.
  while (journal.released.size() > 1000) journal.released.erase(journal.released.begin());
}

std::optional<Settled> DeliveryState::settled(std::uint16_t number, storage::Position at, std::uint32_t recipient) const {
  const auto journal = journals_.find(number);
  if (journal == journals_.end()) return std::nullopt;
  const auto segment = journal->second.segments.find(at.segment);
  if (segment == journal->second.segments.end()) return std::nullopt;
  const auto message = segment->second.find(at.offset);
  if (message == segment->second.end()) return std::nullopt;
  const auto one = std::ranges::find(message->second, recipient, &SettledRecipient::recipient);
  return one == message->second.end() ? std::nullopt : std::optional(one->how);
}

bool DeliveryState::released(std::uint16_t number, storage::SegmentNumber segment) const {
  const auto journal = journals_.find(number);
  return journal != journals_.end() && journal->second.released.contains(segment);
}

std::vector<std::string> DeliveryState::fed_accounts(std::uint16_t number, storage::SegmentNumber segment) const {
  std::vector<std::string> accounts;
  const auto journal = journals_.find(number);
  if (journal == journals_.end()) return accounts;
  const auto found = journal->second.segments.find(segment);
  if (found == journal->second.segments.end()) return accounts;
  for (const auto& [offset, recipients] : found->second)
    for (const auto& one : recipients)
      if (one.how != Settled::Final) accounts.push_back(one.account);
  std::ranges::sort(accounts);
  accounts.erase(std::ranges::unique(accounts).begin(), accounts.end());
  return accounts;
}

const Held* DeliveryState::held(const TraceId& id) const {
  const auto at = held_.find(id);
  return at == held_.end() ? nullptr : &at->second;
}

std::uint64_t DeliveryState::live_octets(storage::SegmentNumber segment) const {
  const auto at = live_octets_.find(segment);
  return at == live_octets_.end() ? 0 : at->second;
}

void DeliveryState::start_new_life() {
  for (auto& [number, journal] : journals_)
    for (auto& [segment, messages] : journal.segments)
      for (auto& [offset, recipients] : messages)
        for (auto& one : recipients)
          if (one.how == Settled::Lazy) one.how = Settled::LazyBefore;
}

}  // namespace hikyaku::spool
