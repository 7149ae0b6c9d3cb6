#include "storage/memory_journal.h"

#include <algorithm>

#include "base/checksum.h"

namespace hikyaku::storage {
namespace {
JournalError error(JournalFailure kind, std::string_view what) { return {kind, std::string(what)}; }
}  // namespace

class MemoryJournalWriter final : public JournalWriter {
 public:
  MemoryJournalWriter(std::shared_ptr<MemoryJournal> store, std::uint64_t token) : store_(std::move(store)), token_(token) {}
  ~MemoryJournalWriter() override { (void)close(); }

  JournalResult<std::vector<Position>> append(std::span<const Record> group) override {
    auto written = write(group);
    if (!written) return written;
    TRY_VOID(flush());
    return written;
  }

  JournalResult<std::vector<Position>> write(std::span<const Record> group) override {
    const std::lock_guard lock(store_->mutex_);
    TRY_VOID(check_owner());
    std::uint64_t octets = 0;
    for (const auto& record : group) {
      octets += octets_of(record);
      if (record.head.size() > largest_head_octets) return failure(error(JournalFailure::TooLarge, "a head over 1 MiB"));
    }
    if (octets > store_->options_.segment_octets) return failure(error(JournalFailure::TooLarge, "larger than a segment"));
    auto* segment = store_->open_segment();
    if (segment != nullptr && segment->octets + octets > store_->options_.segment_octets) {
      TRY_VOID(flush_locked());
      segment->sealed = true;
      segment = nullptr;
    }
    if (segment == nullptr) {
      if (store_->segments_.size() >= store_->options_.most_segments)
        return failure(error(JournalFailure::NoSpace, "the journal has its largest size"));
      segment = &store_->segments_[store_->next_number_++];
    }
    segment->octets += octets;
    last_segment_ = store_->segments_.rbegin()->first;
    std::vector<Position> positions;
    for (const auto& record : group) {
      std::string body;
      for (const auto part : record.body) body.append(part);
      positions.push_back({SegmentNumber{store_->segments_.rbegin()->first}, segment->end});
      const auto length = static_cast<std::uint32_t>(record.head.size() + body.size() + 1);
      segment->records[segment->end] = {std::string(record.head), std::move(body)};
      segment->end += length;
    }
    return positions;
  }

  JournalResult<> flush() override {
    const std::lock_guard lock(store_->mutex_);
    TRY_VOID(check_owner());
    return flush_locked();
  }

  JournalResult<> seal() override {
    const std::lock_guard lock(store_->mutex_);
    TRY_VOID(check_owner());
    TRY_VOID(flush_locked());
    if (auto* segment = store_->open_segment()) segment->sealed = true;
    return {};
  }

  JournalResult<std::vector<SegmentNumber>> tend_pool() override {
    const std::lock_guard lock(store_->mutex_);
    std::vector<SegmentNumber> recycled;
    std::erase_if(store_->segments_, [&](const auto& one) {
      const bool goes = store_->released_.contains(one.first) && one.second.sealed;
      if (goes) recycled.emplace_back(one.first);
      return goes;
    });
    return recycled;
  }

  JournalResult<> close() override {
    auto sealed = seal();
    const std::lock_guard lock(store_->mutex_);
    if (store_->owner_ == token_) store_->owner_ = 0;
    return sealed;
  }

  [[nodiscard]] std::uint64_t largest_group() const override { return store_->options_.segment_octets; }
  [[nodiscard]] std::uint64_t fencing_token() const override { return token_; }
  [[nodiscard]] std::uint64_t segment_seed() const override { return last_segment_; }
  [[nodiscard]] std::uint64_t flush_count() const override { return store_->flushes_; }
  [[nodiscard]] std::uint64_t damaged_records() const override { return 0; }
  [[nodiscard]] JournalUsage usage() const override {
    const std::lock_guard lock(store_->mutex_);
    return {store_->segments_.size(), 0, store_->segments_.size() * store_->options_.segment_octets, UINT64_MAX};
  }

 private:
  JournalResult<> check_owner() const {
    if (store_->owner_ != token_) return failure(error(JournalFailure::NotOwner, "this writer was closed"));
    return {};
  }

  JournalResult<> flush_locked() {
    auto* segment = store_->open_segment();
    if (segment == nullptr || segment->end == segment->durable_end) return {};
    ++store_->flushes_;
    if (store_->flush_fails_in_ > 0 && --store_->flush_fails_in_ == 0) {
      segment->records.erase(segment->records.lower_bound(segment->durable_end), segment->records.end());
      segment->end = segment->durable_end;
      segment->sealed = true;
      return failure(error(store_->flush_failure_, "failure injected by the test"));
    }
    segment->durable_end = segment->end;
    return {};
  }

  const std::shared_ptr<MemoryJournal> store_;
  const std::uint64_t token_;
  std::uint64_t last_segment_ = 0;
};

class MemoryJournalReader final : public JournalReader {
 public:
  explicit MemoryJournalReader(std::shared_ptr<MemoryJournal> store) : store_(std::move(store)) {}

  JournalResult<Position> durable_end() override {
    const std::lock_guard lock(store_->mutex_);
    if (store_->segments_.empty()) return Position{};
    const auto& [number, segment] = *store_->segments_.rbegin();
    return Position{SegmentNumber{number}, segment.durable_end};
  }

  JournalResult<HeadsPage> heads(Position from, std::size_t limit) override {
    const std::lock_guard lock(store_->mutex_);
    HeadsPage page;
    page.next = from;
    for (auto at = store_->segments_.lower_bound(from.segment.value()); at != store_->segments_.end(); ++at) {
      const auto& [number, segment] = *at;
      const SegmentNumber name{number};
      if (store_->released_.contains(number)) continue;
      page.next = {name, name == from.segment ? from.offset : 0};
      for (auto record = segment.records.lower_bound(page.next.offset);
           record != segment.records.end() && record->first < segment.durable_end; ++record) {
        if (page.heads.size() >= limit) return page;
        page.heads.push_back({{name, record->first}, record->second.head,
                              static_cast<std::uint32_t>(record->second.body.size())});
        page.next.offset = record->first + 1;
      }
      page.next.offset = segment.durable_end;
      if (!segment.sealed) break;
      page.finished.push_back(name);
      page.next = {SegmentNumber{number + 1}, 0};
    }
    return page;
  }

  JournalResult<std::string> body(Position at, std::uint64_t offset, std::uint64_t octets) override {
    const std::lock_guard lock(store_->mutex_);
    TRY(kept, find(at));
    if (kept->damaged) return failure(error(JournalFailure::Damaged, "the body is damaged"));
    return offset >= kept->body.size() ? std::string() : kept->body.substr(offset, octets);
  }

  std::optional<std::string> body_at_hand(Position at, std::uint64_t octets) override {
    const std::unique_lock lock(store_->mutex_, std::try_to_lock);
    if (!lock) return std::nullopt;
    const auto kept = find(at);
    if (!kept || (*kept)->damaged || (*kept)->body.size() != octets) return std::nullopt;
    return (*kept)->body;
  }

  JournalResult<BodyChecksum> body_checksum(Position at) override {
    const std::lock_guard lock(store_->mutex_);
    TRY(kept, find(at));
    return BodyChecksum{kept->body.size(), at.segment.value(), checksum(kept->body, at.segment.value())};
  }

  JournalResult<std::string> head(Position at) override {
    const std::lock_guard lock(store_->mutex_);
    TRY(kept, find(at));
    return kept->head;
  }

  JournalResult<std::vector<SegmentNumber>> finished_segments() override {
    const std::lock_guard lock(store_->mutex_);
    std::vector<SegmentNumber> finished;
    for (const auto& [number, segment] : store_->segments_)
      if (segment.sealed && !store_->released_.contains(number)) finished.emplace_back(number);
    return finished;
  }

  JournalResult<std::vector<SegmentFacts>> segments() override {
    const std::lock_guard lock(store_->mutex_);
    std::vector<SegmentFacts> all;
    for (const auto& [number, segment] : store_->segments_) {
      if (store_->released_.contains(number)) continue;
      auto& one = all.emplace_back(SegmentFacts{SegmentNumber{number}, number, std::nullopt, std::nullopt});
      if (segment.sealed) one.end = segment.durable_end, one.records = static_cast<std::uint32_t>(segment.records.size());
    }
    return all;
  }

  JournalResult<> release(SegmentNumber segment) override {
    const std::lock_guard lock(store_->mutex_);
    store_->released_.insert(segment.value());
    return {};
  }
  [[nodiscard]] std::uint64_t damaged_records() const override { return 0; }

 private:
  JournalResult<const MemoryJournal::Kept*> find(Position at) const {
    const auto segment = store_->segments_.find(at.segment.value());
    if (segment == store_->segments_.end() || store_->released_.contains(at.segment.value()))
      return failure(error(JournalFailure::Gone, "the segment was released"));
    const auto record = segment->second.records.find(at.offset);
    if (record == segment->second.records.end() || at.offset >= segment->second.durable_end)
      return failure(error(JournalFailure::Damaged, "no record is there"));
    return &record->second;
  }
  const std::shared_ptr<MemoryJournal> store_;
};

std::shared_ptr<MemoryJournal> MemoryJournal::make(Options options) { return std::make_shared<MemoryJournal>(options); }

JournalResult<std::unique_ptr<JournalWriter>> MemoryJournal::open_writer() {
  const std::lock_guard lock(mutex_);
  if (owner_ != 0) return failure(error(JournalFailure::NotOwner, "somebody else holds the journal"));
  settle();
  owner_ = ++token_;
  return std::make_unique<MemoryJournalWriter>(shared_from_this(), owner_);
}

std::unique_ptr<JournalReader> MemoryJournal::open_reader() {
  return std::make_unique<MemoryJournalReader>(shared_from_this());
}

void MemoryJournal::fail_flush(std::uint64_t nth, JournalFailure how) {
  const std::lock_guard lock(mutex_);
  flush_fails_in_ = nth;
  flush_failure_ = how;
}

void MemoryJournal::kill_owner() {
  const std::lock_guard lock(mutex_);
  owner_ = 0;
}

void MemoryJournal::damage(Position at) {
  const std::lock_guard lock(mutex_);
  segments_.at(at.segment.value()).records.at(at.offset).damaged = true;
}

// What the last owner wrote without flush is here still, as after a mere crash.
void MemoryJournal::settle() {
  for (auto& [number, segment] : segments_) segment.durable_end = segment.end, segment.sealed = true;
}

MemoryJournal::Segment* MemoryJournal::open_segment() {
  if (segments_.empty() || segments_.rbegin()->second.sealed) return nullptr;
  return &segments_.rbegin()->second;
}

}  // namespace hikyaku::storage
