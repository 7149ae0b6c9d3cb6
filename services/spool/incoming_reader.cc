#include "services/spool/incoming_reader.h"

#include <algorithm>

#include "services/spool/message_record.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {

SpoolResult<std::unique_ptr<IncomingReader>> IncomingReader::open(io::Disk& disk, std::string folder, std::uint16_t journal,
                                                                  const storage::FileJournalOptions& options) {
  // Its owner may be gone for long: what it left is settled here, so that delivery does not wait for reception.
  HIKYAKU_SPOOL_VOID(storage::settle_file_journal(disk, folder, options));
  HIKYAKU_SPOOL_DISK(reader, storage::open_file_journal_reader(disk, folder, options));
  return std::unique_ptr<IncomingReader>(new IncomingReader(disk, std::move(folder), journal, std::move(reader)));
}

IncomingReader::IncomingReader(io::Disk& disk, std::string folder, std::uint16_t journal,
                               std::unique_ptr<storage::JournalReader> reader)
    : disk_(disk), folder_(std::move(folder)), number_(journal), reader_(std::move(reader)) {}

SpoolResult<std::vector<FreshMessage>> IncomingReader::next(std::size_t limit, const IsSettled& is_settled) {
  const std::lock_guard lock(mutex_);
  look_for_losses();
  std::vector<FreshMessage> fresh;
  while (fresh.size() < limit) {
    const auto read = reader_->heads(next_, limit - fresh.size());
    if (!read && fresh.empty()) return failure(spool_error(read.error()));
    if (!read) break;  // what was taken is handed out now or never; the next call meets the trouble again
    const auto& page = *read;
    for (const auto& one : page.heads) {
      auto& segment = segments_[one.at.segment];
      auto head = decode_message_head(one.head);
      if (!head) {
        // Whole, and of no form that is known here: another version wrote it. Its segment is kept until that one reads it.
        ++damaged_;
        ++segment.open;
        continue;
      }
      segment.lowest = std::min(segment.lowest.value_or(head->envelope.id), head->envelope.id);
      highest_ = std::max(highest_, head->envelope.id);
      FreshMessage message{{head->envelope.id, number_, one.at}, std::move(head->envelope), {}};
      OpenMessage open{message.ref.id, message.envelope.body_octets, message.envelope.accepted_at, {}};
      const auto facts = facts_of(message.envelope);
      open.sender = facts.sender, open.account = facts.account;
      open.done.resize(message.envelope.recipients.size(), true);
      open.verify.resize(open.done.size(), false);
      for (std::uint32_t i = 0; i < open.done.size(); ++i) {
        const auto settled = is_settled(one.at, i);
        if (settled && *settled != Settled::LazyBefore) continue;
        message.open.push_back({i, settled ? Delivery::Verify : Delivery::First});
        open.done[i] = false;
        open.verify[i] = settled.has_value();
        open.waiting += settled ? 0 : 1;
        if (open.open++ == 0) open.domain = keys_of(message.envelope.recipients[i]).domain;
      }
      if (head->place == TextPlace::InBlob) blobs_.insert({one.at, {message.ref.id, {message.envelope.body_octets, 0, head->blob_checksum}}});
      if (open.open == 0) continue;
      ++segment.open;
      open_.emplace(one.at, std::move(open));
      fresh.push_back(std::move(message));
    }
    for (const auto number : page.finished) segments_[number].finished = true;
    const bool moved = page.next != next_;
    next_ = page.next;
    if (!moved) break;
  }
  return fresh;
}

// When a segment is begun: a file that a virus scanner, say, took away.
void IncomingReader::look_for_losses() {
  if (looked_at_ == next_.segment) return;
  const auto missing = reader_->missing_segments();
  if (!missing) return;  // who reads heads is told why, and this looks again
  looked_at_ = next_.segment;
  for (const auto segment : *missing) {
    if (!lost_.insert(segment).second) continue;
    const auto behind = reader_->heads({storage::SegmentNumber{segment.value() + 1}, 0}, 1);
    const auto head = behind && !behind->heads.empty() ? decode_message_head(behind->heads.front().head) : std::nullopt;
    losses_.push_back({SpoolFailure::Gone, folder_ + ": a segment's file is gone (number " + std::to_string(segment.value()) + " within the files, not in their names), with mail that was accepted" +
                                                  (head ? ", before " + head->envelope.id.text() : std::string()) +
                                                  ". Remedy: stop receive and deliver, put it back (where another file has its name, with a number that is free), start them. \"hikyaku log lost\" names each mail that is lost with it; the status of that command is 3 until it is back."});
  }
}

std::vector<SpoolError> IncomingReader::take_losses() {
  const std::lock_guard lock(mutex_);
  return std::exchange(losses_, {});
}

void IncomingReader::settled(const MessageRef& message, std::uint32_t recipient) {
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(message.at);
  if (at == open_.end() || recipient >= at->second.done.size() || at->second.done[recipient]) return;
  at->second.done[recipient] = true;
  if (!at->second.verify[recipient]) --at->second.waiting;
  if (--at->second.open > 0) return;
  --segments_[message.at.segment].open;
  open_.erase(at);
}

SpoolResult<Envelope> IncomingReader::envelope(storage::Position at) {
  HIKYAKU_SPOOL_DISK(octets, reader_->head(at));
  auto head = decode_message_head(octets);
  if (!head) return failure(SpoolError{SpoolFailure::Damaged, folder_ + ": an envelope makes no sense"});
  return std::move(head->envelope);
}

std::optional<IncomingReader::Blob> IncomingReader::blob_at(storage::Position at) const {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(at);
  return found == blobs_.end() ? std::nullopt : std::optional(found->second);
}

SpoolResult<TextSum> IncomingReader::text_sum(const MessageRef& message) {
  if (const auto blob = blob_at(message.at)) return blob->sum;
  HIKYAKU_SPOOL_DISK(sum, reader_->body_checksum(message.at));
  return TextSum{sum.octets, sum.seed, sum.value};
}

SpoolResult<std::string> IncomingReader::body(const MessageRef& message, std::uint64_t offset, std::uint64_t octets) {
  if (const auto blob = blob_at(message.at)) {
    auto text = read_blob(disk_, folder_ + "/" + blob_name(message.id), blob->sum, offset, octets);
    // It goes with its segment only: somebody took it away.
    if (!text && text.error().kind == SpoolFailure::Gone && blob_at(message.at)) return failure(SpoolError{SpoolFailure::Damaged, text.error().what});
    return text;
  }
  HIKYAKU_SPOOL_DISK(text, reader_->body(message.at, offset, octets));
  return text;
}

std::vector<storage::SegmentNumber> IncomingReader::done_segments() const {
  const std::lock_guard lock(mutex_);
  std::vector<storage::SegmentNumber> done;
  for (const auto& [number, segment] : segments_)
    if (segment.finished && segment.open == 0) done.push_back(number);
  return done;
}

SpoolResult<> IncomingReader::release(storage::SegmentNumber segment) {
  HIKYAKU_SPOOL_VOID(reader_->release(segment));
  const std::lock_guard lock(mutex_);
  segments_.erase(segment);
  std::erase_if(blobs_, [&](const auto& one) { return one.first.segment == segment; });
  return {};
}

std::optional<TraceId> IncomingReader::lowest_unreleased() {
  const auto end = reader_->durable_end();
  const std::lock_guard lock(mutex_);
  if (!end || *end > next_ || highest_ == TraceId{}) return std::nullopt;
  TraceId lowest = highest_;
  ++lowest.sequence;
  for (const auto& [number, segment] : segments_)
    if (segment.lowest) lowest = std::min(lowest, *segment.lowest);
  return lowest;
}

void IncomingReader::add_to(SpoolCounts& counts) {
  const auto end = reader_->durable_end();
  const std::lock_guard lock(mutex_);
  for (const auto& [at, one] : open_) {
    if (one.waiting == 0) continue;
    ++counts.incoming_messages;
    counts.incoming_octets += one.octets;
    if (!counts.incoming_oldest || one.accepted_at < *counts.incoming_oldest) counts.incoming_oldest = one.accepted_at;
  }
  counts.damaged_records += damaged_ + reader_->damaged_records();
  if (end && *end > next_) counts.incoming_is_read = false;
  if (end && *end > next_ && end->segment == next_.segment) counts.incoming_unread_octets += end->offset - next_.offset;
}

void IncomingReader::for_each_open(const std::function<void(const MessageRef&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [at, one] : open_)
    if (one.waiting > 0) visit({one.id, number_, at});
}

std::vector<std::uint32_t> IncomingReader::waiting(storage::Position at) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> waiting;
  const auto found = open_.find(at);
  if (found == open_.end()) return waiting;
  for (std::uint32_t i = 0; i < found->second.done.size(); ++i)
    if (!found->second.done[i] && !found->second.verify[i]) waiting.push_back(i);
  return waiting;
}

}  // namespace hikyaku::spool
