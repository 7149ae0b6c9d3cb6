// The spool's survey: in parts, so that nobody's outcome waits for it.
#include "services/spool/spool_on_disk.h"

namespace hikyaku::spool {
namespace {
constexpr std::size_t visits_at_once = 8'192;
}

HeldTable::Slot HeldTable::survey(Slot from, std::size_t most, const SurveyVisitor& visit) const {
  std::vector<SurveyedRecipient> deferred;
  std::size_t visited = 0;
  Slot slot = from;
  for (; slot < slots_ && visited < most; ++slot, ++visited) {
    if (fresh_rows_[slot] == none) continue;
    deferred.clear();
    for (auto row = first_row_[slot]; row != none; row = next_[row], ++visited)
      if (!is_fresh(row) && destination_[row] != none)
        deferred.push_back({destinations_.name(destination_[row]), destination_[row],
                            static_cast<std::uint8_t>((tries_[row] >> 24) & ~std::uint32_t{told_bits}), first_failed_[row]});
    const bool facts = (body_octets_[slot] & facts_bit) != 0;
    SurveyedMessage message{{id_[slot], 0, {}}, fresh_rows_[slot] > 0 ? SurveyedMessage::Place::Incoming : SurveyedMessage::Place::Holding};
    message.sender = sender_[slot];
    message.account = account_[slot];
    if (facts) message.accepted_at = accepted_at_[slot];
    message.octets = facts ? body_octets_[slot] & octets_mask : octets_of_text_[slot];
    message.deferred = deferred;
    visit(message);
  }
  return slot;
}

void IncomingReader::survey(const SurveyVisitor& visit) const {
  storage::Position last;
  for (bool first = true;; first = false) {
    const std::lock_guard lock(mutex_);
    auto at = first ? open_.begin() : open_.upper_bound(last);
    for (std::size_t visited = 0; at != open_.end() && visited < visits_at_once; ++at, ++visited) {
      const auto& one = at->second;
      last = at->first;
      if (one.waiting == 0) continue;
      SurveyedMessage message{{one.id, number_, at->first}};
      message.sender = one.sender, message.account = one.account, message.domain = one.domain;
      message.accepted_at = one.accepted_at;
      message.octets = one.octets;
      visit(message);
    }
    if (at == open_.end()) return;
  }
}

bool SpoolOnDisk::survey(const SurveyVisitor& visit) const {
  if (!log_->holding_is_loaded()) return false;
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  for (const auto& [number, one] : readers) one->survey(visit);
  for (HeldTable::Slot from = 0;;) {
    const auto next = log_->with_state([&](const DeliveryState& state) -> std::optional<HeldTable::Slot> {
      const auto reached = state.holding.survey(from, visits_at_once, visit);
      return reached < state.holding.slots() ? std::optional(reached) : std::nullopt;
    });
    if (!next) return true;
    from = *next;
  }
}

}  // namespace hikyaku::spool
