// Scans of the table: numbers first, texts last.
#include "services/spool/held_table.h"

namespace hikyaku::spool {
namespace {

constexpr std::uint64_t texts_at_once = 8 << 20;  // octets: about 2 ms

}  // namespace

HeldTable::Search HeldTable::search_for(const DeferredFilter& filter) {
  Search search;
  search.filter = &filter;
  search.sender = key_of(filter.sender);
  search.recipient = key_of(filter.recipient);
  search.domain = key_of(filter.domain);
  search.account = key_of(filter.account);
  search.error = ReplySearch(filter.error.empty() ? filter.code : filter.error);
  return search;
}

bool HeldTable::matches(Search& search, Row row) const {
  const auto& filter = *search.filter;
  if (message_[row] == none || is_fresh(row) != (filter.rows == DeferredFilter::Rows::Fresh)) return false;
  if (search.domain != 0 && domain_[row] != search.domain && domain_[row] != 0) return false;
  if (search.recipient != 0 && address_[row] != search.recipient && address_[row] != 0) return false;
  if (filter.failure_class && ((tries_[row] >> 24) & ~std::uint32_t{told_bits}) != *filter.failure_class) return false;
  const auto slot = message_[row];
  if ((body_octets_[slot] & facts_bit) != 0) {
    if (search.sender != 0 && sender_[slot] != search.sender) return false;
    if (search.account != 0 && account_[slot] != search.account) return false;
    if (accepted_at_[slot] > filter.accepted_until || accepted_at_[slot] < filter.accepted_from) return false;
    const auto octets = body_octets_[slot] & octets_mask;
    if (octets < filter.least_octets || octets > filter.most_octets) return false;
  }
  if (filter.destination) {
    const auto number = destination_[row];
    if (search.destinations.size() <= number) search.destinations.resize(destinations_.size() + 1);
    auto& known = search.destinations[number];
    if (known == 0) known = filter.destination(destinations_.name(number)) ? 2 : 1;
    if (known == 1) return false;
  }
  if (search.error.wanted() && !search.error.matches(replies_, reply_[row])) return false;
  return filter.code.empty() || has_code(replies_.at(reply_[row]), filter.code);
}

// When numbers were given to other names since the last call, what was noted of destinations is forgotten.
HeldTable::Row HeldTable::find(Search& search, Row from, Row many, std::size_t most, const std::function<void(Row)>& visit) const {
  if (search.namings != destinations_.namings()) search.destinations.assign(destinations_.size(), 0);
  search.namings = destinations_.namings();
  const auto enough_text = search.error.looked_at() + texts_at_once;
  Row row = from;
  for (; row < rows_ && row - from < many && most > 0 && search.error.looked_at() < enough_text; ++row) {
    if (!matches(search, row)) continue;
    visit(row);
    --most;
  }
  return row;
}

DeferredRecipient HeldTable::recipient_at(Row row) const { return {id_[message_[row]], schedule_at(row)}; }

DeferredTimes HeldTable::times_at(Row row) const {
  const auto slot = message_[row];
  const bool facts = (body_octets_[slot] & facts_bit) != 0;
  const auto held = held_.find(row);
  return {id_[slot], index_of(row), static_cast<std::uint8_t>(tries_[row] >> 24), tries_[row] & 0xFFFFFF, first_failed_[row], paused_[row],
          last_tried_[row], next_due_[row], facts ? std::optional(accepted_at_[slot]) : std::nullopt,
          body_octets_[slot] & octets_mask, priority_of(slot), deadline_of(slot), account_[slot],
          facts ? sender_[slot] : 0, domain_[row], held == held_.end() ? TimeSpans{} : held->second};
}

}  // namespace hikyaku::spool
