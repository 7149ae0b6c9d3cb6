#include "services/spool/delivery_state.h"

#include <algorithm>

namespace hikyaku::spool {
namespace {
constexpr std::uint32_t most_recipients = 1'000'000;  // of one message; a damaged count must not take the memory

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
}  // namespace

bool concerns_incoming(const LogRecord& record) {
  return std::visit(Overloaded{[](const OutcomeRecord& one) { return one.message.journal != 0; },
                               [](const DeferredRecord& one) { return one.message.journal != 0; },
                               [](const ToldRecord& one) { return one.message.journal != 0; },
                               [](const ReleasedRecord&) { return true; }, [](const auto&) { return false; }},
                    record);
}

bool concerns_holding(const LogRecord& record) {
  return std::visit(Overloaded{[](const OutcomeRecord& one) { return one.message.journal == 0; },
                               [](const ToldRecord& one) { return one.message.journal == 0; },
                               [](const ReleasedRecord&) { return false; }, [](const auto&) { return true; }},
                    record);
}

void DeliveryState::apply(const LogRecord& record, DeadTexts& dead) {
  incoming.apply(record);
  apply_to_holding(record, dead);
}

void DeliveryState::apply_to_holding(const LogRecord& record, DeadTexts& dead) {
  const auto keys = [](const auto& all, std::size_t n) { return n < all.size() ? all[n] : RecipientKeys{}; };
  const auto place = [&](const HoldingRecord& text) {
    holding.place(text.id, {text.at, text.octets, text.blob});
    if (text.facts) holding.set_facts(text.id, *text.facts);
  };
  std::visit(Overloaded{[&](const OutcomeRecord& one) {
                          if (one.message.journal != 0) return;
                          for (const auto& outcome : one.outcomes)
                            if (const auto text = holding.close(one.message.id, outcome.recipient)) dead.emplace_back(one.message.id, *text);
                        },
                        [&](const DeferredRecord& one) {
                          for (std::size_t n = 0; n < one.recipients.size(); ++n)
                            holding.defer(one.message.id, one.recipients[n], keys(one.keys, n));
                        },
                        [&](const HoldingRecord& one) { place(one); },
                        [&](const GeneratedRecord& one) {
                          if (holding.contains(one.text.id)) return;  // repeated
                          place(one.text);
                          holding.add_all_fresh(one.text.id, std::min(one.recipients, most_recipients), one.keys);
                        },
                        [&](const ToldRecord& one) {
                          if (one.message.journal != 0) return;
                          for (const auto recipient : one.recipients) holding.tell(one.message.id, recipient, one.bits);
                        },
                        [](const ReleasedRecord&) {}},
             record);
}

void SettledIncoming::apply(const LogRecord& record) {
  if (const auto* released = std::get_if<ReleasedRecord>(&record)) return release(*released);
  if (const auto* told = std::get_if<ToldRecord>(&record)) return tell(*told);
  if (const auto* one = std::get_if<OutcomeRecord>(&record); one != nullptr && one->message.journal != 0)
    for (const auto& outcome : one->outcomes)
      settle(one->message, outcome.recipient, outcome.outcome == Outcome::DeliveredLazy ? Settled::Lazy : Settled::Final, outcome.account);
  if (const auto* one = std::get_if<DeferredRecord>(&record); one != nullptr && one->message.journal != 0)
    for (const auto& schedule : one->recipients) settle(one->message, schedule.recipient, Settled::Final, {});
}

void SettledIncoming::settle(const MessageRef& message, std::uint32_t recipient, Settled how, std::string_view account) {
  if (released(message.journal, message.at.segment)) return;
  auto& recipients = journals_[message.journal].segments[message.at.segment][message.at.offset];
  const auto at = std::ranges::find(recipients, recipient, &SettledRecipient::recipient);
  if (at == recipients.end()) {
    recipients.push_back({recipient, how, std::string(account)});
  } else if (at->how != Settled::Final) {
    *at = {recipient, how, std::string(account)};
  }
}

void SettledIncoming::tell(const ToldRecord& record) {
  const auto& [id, journal, at] = record.message;
  if (journal == 0 || released(journal, at.segment)) return;
  auto& told = journals_[journal].told[at.segment][at.offset];
  for (const auto recipient : record.recipients) told[recipient] |= record.bits;
}

std::uint8_t SettledIncoming::told(std::uint16_t number, storage::Position at, std::uint32_t recipient) const {
  const auto journal = journals_.find(number);
  if (journal == journals_.end() || journal->second.told.empty()) return 0;
  const auto segment = journal->second.told.find(at.segment);
  if (segment == journal->second.told.end()) return 0;
  const auto message = segment->second.find(at.offset);
  if (message == segment->second.end()) return 0;
  const auto one = message->second.find(recipient);
  return one == message->second.end() ? 0 : one->second;
}

void SettledIncoming::drop_settled(std::uint16_t journal, storage::SegmentNumber segment, std::vector<RecordRecipient>& recipients) const {
  if (released(journal, segment)) return recipients.clear();  // the release file was lost
  const auto known = journals_.find(journal);
  const auto messages = known == journals_.end() ? decltype(known->second.segments.end()){} : known->second.segments.find(segment);
  if (known == journals_.end() || messages == known->second.segments.end()) return;
  const auto none = messages->second.end();
  auto message = none;
  std::uint32_t looked_for = UINT32_MAX;
  std::erase_if(recipients, [&](const RecordRecipient& one) {
    if (one.offset != looked_for) message = messages->second.find(one.offset);
    looked_for = one.offset;
    return message != none && std::ranges::find(message->second, one.recipient, &SettledRecipient::recipient) != message->second.end();
  });
}

void SettledIncoming::release(const ReleasedRecord& record) {
  auto& journal = journals_[record.journal];
  journal.segments.erase(record.segment);
  journal.told.erase(record.segment);
  journal.released[record.segment] = true;
  // The journal's own release file remembers; here the newest few are enough to survive the loss of it.
  while (journal.released.size() > 1000) journal.released.erase(journal.released.begin());
}

void SettledIncoming::for_each_record(const std::function<void(const LogRecord&)>& visit) const {
  for (const auto& [number, journal] : journals_) {
    for (const auto& [segment, unused] : journal.released) visit(LogRecord{ReleasedRecord{number, segment}});
    for (const auto& [segment, messages] : journal.segments)
      for (const auto& [offset, recipients] : messages) {
        OutcomeRecord record{{{}, number, {segment, offset}}, {}};
        for (const auto& one : recipients)
          record.outcomes.push_back({one.recipient, one.how == Settled::Final ? Outcome::Delivered : Outcome::DeliveredLazy,
                                     one.account});
        visit(LogRecord{std::move(record)});
      }
    for (const auto& [segment, messages] : journal.told)
      for (const auto& [offset, told] : messages)
        for (const auto& [recipient, bits] : told) visit(LogRecord{ToldRecord{{{}, number, {segment, offset}}, {recipient}, bits}});
  }
}

std::optional<Settled> SettledIncoming::settled(std::uint16_t number, storage::Position at, std::uint32_t recipient) const {
  const auto journal = journals_.find(number);
  if (journal == journals_.end()) return std::nullopt;
  const auto segment = journal->second.segments.find(at.segment);
  if (segment == journal->second.segments.end()) return std::nullopt;
  const auto message = segment->second.find(at.offset);
  if (message == segment->second.end()) return std::nullopt;
  const auto one = std::ranges::find(message->second, recipient, &SettledRecipient::recipient);
  return one == message->second.end() ? std::nullopt : std::optional(one->how);
}

bool SettledIncoming::released(std::uint16_t number, storage::SegmentNumber segment) const {
  const auto journal = journals_.find(number);
  return journal != journals_.end() && journal->second.released.contains(segment);
}

std::vector<std::string> SettledIncoming::fed_accounts(std::uint16_t number, storage::SegmentNumber segment) const {
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

void SettledIncoming::start_new_life() {
  for (auto& [number, journal] : journals_)
    for (auto& [segment, messages] : journal.segments)
      for (auto& [offset, recipients] : messages)
        for (auto& one : recipients)
          if (one.how == Settled::Lazy) one.how = Settled::LazyBefore;
}

}  // namespace hikyaku::spool
