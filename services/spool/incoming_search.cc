#include "services/spool/incoming_search.h"

#include <algorithm>
#include <utility>

#include "services/spool/message_record.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::size_t rows_at_once = 1'024;  // settled ones are dropped, and heads read, between two looks whether it is enough
constexpr std::size_t heads_at_once = 256;
}  // namespace

IncomingSearch::IncomingSearch(Place place, const FreshFilter& filter, std::size_t limit, const Enough& enough, const DropSettled& drop_settled)
    : place_(place), filter_(filter), query_(query_for(filter)), limit_(limit), enough_(enough), drop_settled_(drop_settled) {}

SpoolResult<bool> IncomingSearch::run(const FreshCursor& from, FreshPage& page) {
  const bool begun = from.journal == place_.journal;
  HIKYAKU_SPOOL_DISK(segments, place_.reader.segments());
  bool looked = false;
  for (const auto& one : segments) {
    if (begun && one.number < from.at.segment) continue;
    if (std::exchange(looked, true) && is_enough()) {
      page.next = cursor(one.number, {});
      return false;
    }
    const bool here = begun && one.number == from.at.segment;
    TRY(goes_on, look_at(one, here ? RecordRecipient{from.at.offset, from.recipient} : RecordRecipient{}, page));
    if (!goes_on) return false;
  }
  return true;
}

SpoolResult<bool> IncomingSearch::look_at(const storage::SegmentFacts& segment, RecordRecipient from, FreshPage& page) {
  auto digest = DigestFile::open(place_.disk, place_.folder, segment.number, segment.seed);
  std::uint32_t covered = 0, last = 0, messages = 0;
  while (const auto part = digest ? digest->next() : std::nullopt) {
    const RecordRecipient end{part->last, after_the_last};
    if (from < end) {
      auto rows = digest->rows(*part, query_);
      if (!rows) break;
      std::erase_if(*rows, [&](const RecordRecipient& one) { return one < from; });
      if (!take(segment.number, *std::move(rows), page)) return false;
      if (is_enough()) {
        page.next = cursor(segment.number, end);
        return false;
      }
    }
    covered = part->until, last = part->last;
    messages += part->messages;
  }
  const bool whole = segment.end && (covered >= *segment.end || (covered > 0 && segment.records == messages));
  if (whole) return true;
  from = std::max(from, {covered, 0});
  return look_at_heads(segment.number, from.offset == covered ? last : from.offset, from, page);
}

// `offset`: of a record at or before `from`.
SpoolResult<bool> IncomingSearch::look_at_heads(storage::SegmentNumber segment, std::uint32_t offset, RecordRecipient from, FreshPage& page) {
  for (storage::Position at{segment, offset};;) {
    const auto read = place_.reader.heads(at, heads_at_once);
    if (!read && read.error().kind == storage::JournalFailure::Gone) return true;  // given back meanwhile
    if (!read) return failure(spool_error(read.error()));
    std::vector<RecordRecipient> rows;
    for (const auto& one : read->heads) {
      if (one.at.segment != segment) break;
      auto head = decode_message_head(one.head);
      if (!head || head->envelope.recipients.empty()) continue;
      rows.clear();
      for (std::uint32_t n = 0; n < head->envelope.recipients.size(); ++n)
        if (from <= RecordRecipient{one.at.offset, n} && filter_.matches(head->envelope, n)) rows.push_back({one.at.offset, n});
      envelope_of_ = one.at;
      envelope_ = std::move(head->envelope);
      if (!take(segment, std::move(rows), page)) return false;
    }
    if (read->next.segment != segment || read->next == at) return true;
    at = read->next;
    if (!is_enough()) continue;
    page.next = cursor(segment, std::max(from, {at.offset, 0}));
    return false;
  }
}

bool IncomingSearch::take(storage::SegmentNumber segment, std::vector<RecordRecipient> rows, FreshPage& page) {
  for (std::size_t at = 0; at < rows.size(); at += rows_at_once) {
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), at + rows_at_once));
    std::vector<RecordRecipient> open(rows.begin() + static_cast<std::ptrdiff_t>(at), end);
    drop_settled_(segment, open);
    if (!take_open(segment, open, page)) return false;
    if (end == rows.end() || !is_enough()) continue;
    page.next = cursor(segment, *end);
    return false;
  }
  return true;
}

bool IncomingSearch::take_open(storage::SegmentNumber segment, const std::vector<RecordRecipient>& rows, FreshPage& page) {
  for (const auto& one : rows) {
    const auto* envelope = envelope_at({segment, one.offset});
    if (envelope == nullptr || one.recipient >= envelope->recipients.size() || !filter_.matches(*envelope, one.recipient)) continue;
    if (page.found.size() >= limit_) {
      page.next = cursor(segment, one);
      return false;
    }
    page.found.push_back({{envelope->id, place_.journal, {segment, one.offset}}, *envelope, one.recipient});
  }
  return true;
}

const Envelope* IncomingSearch::envelope_at(storage::Position at) {
  if (envelope_of_ != at) {
    envelope_of_ = at;
    envelope_.reset();
    if (const auto octets = place_.reader.head(at))
      if (auto head = decode_message_head(*octets)) envelope_ = std::move(head->envelope);
  }
  return envelope_ ? &*envelope_ : nullptr;
}

}  // namespace hikyaku::spool
