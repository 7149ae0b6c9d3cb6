// What the spool tells of all it keeps: pages of deferred recipients, and counts. The state's lock is held for a part of
// the table at a time, so that nobody's outcome waits for a listing.
#include <algorithm>

#include "services/spool/spool_on_disk.h"

namespace hikyaku::spool {
namespace {
constexpr HeldTable::Row rows_at_once = 32'768;
constexpr HeldTable::Slot slots_at_once = 32'768;
constexpr HeldTable::Row rows_at_least = 262'144;  // in one search: it may look at all replies before its first row is done
}  // namespace

void Spool::for_each_deferred(const std::function<void(const DeferredRecipient&)>& visit) {
  for (std::optional<DeferredCursor> from = 0; from;) {
    auto page = find_deferred({}, *from, 1'000);
    if (!page) return;
    for (const auto& one : page->found) visit(one);
    from = page->next;
  }
}

std::vector<DeferredRecipient> SpoolOnDisk::deferred(const TraceId& id) const {
  std::vector<DeferredRecipient> all;
  for (auto& schedule : log_->with_state([&](const DeliveryState& state) { return state.holding.deferred(id); }))
    all.push_back({id, std::move(schedule)});
  return all;
}

SpoolResult<std::optional<DeferredCursor>> SpoolOnDisk::deferred_times(
    const DeferredFilter& filter, DeferredCursor from, std::size_t limit, const std::function<void(const std::string& destination, const DeferredTimes&)>& visit) {
  TRY_VOID(load_deferred());
  auto search = HeldTable::search_for(filter);
  return log_->with_state([&](const DeliveryState& state) -> std::optional<DeferredCursor> {
    const auto& table = state.holding;
    const auto next = table.find(search, from, rows_at_once, limit, [&](HeldTable::Row row) { visit(table.destination_of(row), table.times_at(row)); });
    return next < table.rows() ? std::optional(next) : std::nullopt;
  });
}

SpoolResult<DeferredPage> SpoolOnDisk::find_deferred(const DeferredFilter& filter, DeferredCursor from, std::size_t limit, const Enough& enough) {
  TRY_VOID(load_deferred());
  DeferredPage page;
  auto search = HeldTable::search_for(filter);
  const auto first = from;
  do {
    page.next = log_->with_state([&](const DeliveryState& state) -> std::optional<DeferredCursor> {
      const auto& table = state.holding;
      const auto next = table.find(search, from, rows_at_once, limit - page.found.size(), [&](HeldTable::Row row) {
        page.found.push_back(table.recipient_at(row));
        page.after.push_back(row + 1);
      });
      return next < table.rows() ? std::optional(next) : std::nullopt;
    });
    from = page.next.value_or(0);
    if (enough && from - first >= rows_at_least && enough()) break;
  } while (page.next && page.found.size() < limit);
  return page;
}

SpoolResult<std::uint64_t> SpoolOnDisk::count_deferred(const DeferredFilter& filter) {
  TRY_VOID(load_deferred());
  std::uint64_t count = 0;
  auto search = HeldTable::search_for(filter);
  for (std::optional<HeldTable::Row> from = 0; from;)
    from = log_->with_state([&](const DeliveryState& state) -> std::optional<HeldTable::Row> {
      const auto next = state.holding.find(search, *from, rows_at_once, rows_at_once, [&](HeldTable::Row) { ++count; });
      return next < state.holding.rows() ? std::optional(next) : std::nullopt;
    });
  return count;
}

SpoolResult<bool> SpoolOnDisk::find_generated(const FreshFilter& filter, const FreshCursor& from, std::size_t limit, const Enough& enough, FreshPage& page) {
  TRY_VOID(load_deferred());
  auto searched = filter.hashed;
  searched.rows = DeferredFilter::Rows::Fresh;
  auto search = HeldTable::search_for(searched);
  const auto add = [&](const TraceId& id, std::uint32_t recipient, const FreshCursor& place) {
    auto envelope = this->envelope({id, 0, {}});  // none: settled meanwhile, or damaged
    if (!envelope || recipient >= envelope->recipients.size() || !filter.matches(*envelope, recipient)) return true;
    if (page.found.size() >= limit) return page.next = place, false;
    page.found.push_back({{id, 0, {}}, *std::move(envelope), recipient});
    return true;
  };
  if (filter.id) {
    for (const auto recipient : log_->with_state([&](const DeliveryState& state) { return state.holding.fresh(*filter.id); }))
      if (recipient >= from.recipient && !add(*filter.id, recipient, {0, {}, recipient})) return false;
    return true;
  }
  for (HeldTable::Row row = from.at.offset;;) {
    std::vector<std::pair<HeldTable::Row, std::pair<TraceId, std::uint32_t>>> found;
    const bool more = log_->with_state([&](const DeliveryState& state) {
      const auto& table = state.holding;
      if (table.fresh_messages() == 0) return false;
      row = table.find(search, row, rows_at_once, limit + 1, [&](HeldTable::Row at) { found.emplace_back(at, table.message_of(at)); });
      return row < table.rows();
    });
    for (const auto& [at, one] : found)
      if (!add(one.first, one.second, {0, {{}, at}, 0})) return false;
    if (!more) return true;
    if (!enough || !enough()) continue;
    page.next = FreshCursor{0, {{}, row}, 0};
    return false;
  }
}

SpoolResult<FreshPage> SpoolOnDisk::find_fresh(const FreshFilter& filter, const FreshCursor& from, std::size_t limit, const Enough& enough) {
  FreshPage page;
  if (from.journal == 0) {
    TRY(all, find_generated(filter, from, limit, enough, page));
    if (!all) return page;
  }
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  for (const auto& [number, one] : readers) {
    if (number < from.journal) continue;
    const IncomingSearch::DropSettled drop = [&, journal = number](storage::SegmentNumber segment, std::vector<RecordRecipient>& recipients) {
      log_->with_state([&](const DeliveryState& state) { return state.incoming.drop_settled(journal, segment, recipients), 0; });
    };
    TRY(all, one->search(filter, from, limit, enough, drop, page));
    if (!all) return page;
  }
  return page;
}

bool SpoolOnDisk::waits(const MessageRef& message, std::uint32_t recipient) {
  if (message.journal == 0 && !load_deferred()) return false;
  return log_->with_state([&](const DeliveryState& state) {
    const auto fresh = message.journal == 0 ? state.holding.fresh(message.id) : std::vector<std::uint32_t>{};
    if (message.journal == 0) return std::ranges::find(fresh, recipient) != fresh.end();
    return !state.incoming.released(message.journal, message.at.segment) && !state.incoming.settled(message.journal, message.at, recipient);
  });
}

std::vector<TraceId> SpoolOnDisk::lowest_unreleased() const {
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  std::vector<TraceId> all;
  if (!log_->holding_is_loaded()) return all;  // what is deferred may be older than all of incoming
  for (const auto& [number, one] : readers)
    if (const auto lowest = one->lowest_unreleased()) all.push_back(*lowest);
  // What was deferred keeps its id.
  for (HeldTable::Slot from = 0;; from += slots_at_once) {
    const bool more = log_->with_state([&](const DeliveryState& state) {
      state.holding.visit_ids(from, slots_at_once, [&](const TraceId& id, bool) {
        for (auto& lowest : all)
          if (id.node == lowest.node && id.journal == lowest.journal) lowest = std::min(lowest, id);
      });
      return from + slots_at_once < state.holding.slots();
    });
    if (!more) return all;
  }
}

void SpoolOnDisk::for_each_fresh(const std::function<void(const MessageRef&)>& visit) const {
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  for (const auto& [number, one] : readers) one->for_each_open(visit);
  log_->with_state([&](const DeliveryState& state) {
    if (state.holding.fresh_messages() == 0) return 0;
    state.holding.visit_ids(0, state.holding.slots(), [&](const TraceId& id, bool fresh) {
      if (fresh) visit({id, 0, {}});
    });
    return 0;
  });
}

std::vector<std::uint32_t> SpoolOnDisk::fresh_recipients(const MessageRef& message) const {
  if (message.journal == 0) return log_->with_state([&](const DeliveryState& state) { return state.holding.fresh(message.id); });
  const auto from = reader(message.journal);
  return from ? from->waiting(message.at) : std::vector<std::uint32_t>{};
}

SpoolCounts SpoolOnDisk::counts() const {
  SpoolCounts counts;
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  for (const auto& [number, one] : readers) one->add_to(counts);
  HeldTable::Row rows = 0;
  HeldTable::Slot slots = 0;
  log_->with_state([&](const DeliveryState& state) {
    counts.holding_octets = state.holding.octets();
    counts.domains_recipients = state.holding.deferred_recipients();
    counts.incoming_messages += state.holding.fresh_messages();
    counts.holding_messages = state.holding.messages() - state.holding.fresh_messages();
    rows = state.holding.rows(), slots = state.holding.slots();
    return 0;
  });
  const auto keep_older = [](std::optional<WallTime>& oldest, const std::optional<WallTime>& one) {
    if (one && (!oldest || *one < *oldest)) oldest = one;
  };
  for (HeldTable::Row from = 0; from < rows; from += rows_at_once)
    keep_older(counts.domains_oldest, log_->with_state([&](const DeliveryState& state) { return state.holding.oldest_failure(from, rows_at_once); }));
  for (HeldTable::Slot from = 0; from < slots; from += rows_at_once)
    keep_older(counts.holding_oldest, log_->with_state([&](const DeliveryState& state) { return state.holding.oldest_acceptance(from, rows_at_once); }));
  counts.damaged_records += log_->damaged_records() + holding_->damaged();
  return counts;
}

}  // namespace hikyaku::spool
