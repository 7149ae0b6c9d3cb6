#include "services/spool/incoming.h"

#include <algorithm>
#include <unordered_set>

#include "services/spool/message_record.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr auto tend_every = std::chrono::seconds{1};
}

// What one message becomes in the journal.
struct IncomingWriter::Prepared {
  std::string head;
  std::string loaded;  // of a spill file small enough for the record
  std::string blob;    // path, when the text became one
  std::optional<std::uint64_t> blob_checksum;
  storage::Record record;
  DigestEntry digest;
};

SpoolResult<std::unique_ptr<IncomingWriter>> IncomingWriter::open(io::Disk& disk, IncomingOptions options) {
  // deliver may hold the lock for a moment, to settle what a dead owner left (Spool::open).
  auto journal = storage::open_file_journal(disk, options.folder, options.segments);
  for (int attempt = 0; !journal && journal.error().kind == storage::JournalFailure::NotOwner && attempt < 20; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    journal = storage::open_file_journal(disk, options.folder, options.segments);
  }
  if (!journal) return failure(spool_error(journal.error()));
  options.inline_octets = std::min(options.inline_octets, (*journal)->largest_group() / 4);
  options.group_octets = std::min(options.group_octets, (*journal)->largest_group());
  auto spills = std::make_shared<SpillFolder>(disk, options.folder, options.inline_octets, (*journal)->fencing_token(), options.segments.reserve_octets);
  TRY_VOID(spills->remove_left_over());
  auto writer = std::unique_ptr<IncomingWriter>(new IncomingWriter(disk, std::move(options), *std::move(journal), spills));
  TRY_VOID(writer->find_blobs());
  writer->digests_.start();
  writer->flusher_ = std::thread([raw = writer.get()] { raw->run_flusher(); });
  writer->tender_ = std::thread([raw = writer.get()] { raw->run_tender(); });
  return writer;
}

IncomingWriter::IncomingWriter(io::Disk& disk, IncomingOptions options, std::unique_ptr<storage::JournalWriter> journal,
                               std::shared_ptr<SpillFolder> spills)
    : disk_(disk), options_(std::move(options)), journal_(std::move(journal)), spills_(std::move(spills)),
      digests_(disk_, options_.folder, options_.digest_part) {}

IncomingWriter::~IncomingWriter() { stop(); }

TraceId IncomingWriter::next_id() {
  return {options_.node, options_.journal, static_cast<std::uint32_t>(journal_->fencing_token()), ++sequence_};
}

MessageSink IncomingWriter::new_sink() const { return MessageSink(spills_); }
bool IncomingWriter::has_space() const { return has_space_; }
void IncomingWriter::on_group(std::function<void()> callback) { on_group_ = std::move(callback); }
storage::JournalUsage IncomingWriter::usage() const { return journal_->usage(); }

IncomingStatistics IncomingWriter::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

void IncomingWriter::submit(Submission submission) {
  SpoolError refused{SpoolFailure::Stopped, "the incoming journal is closing"};
  {
    const std::lock_guard lock(mutex_);
    const auto octets = submission.body.octets();
    if (!stopping_ && queued_octets_ + octets > options_.most_queued_octets && !queue_.empty()) {
      refused = {SpoolFailure::NoSpace, "too much mail waits for the disk"};
    } else if (!stopping_) {
      queue_.push_back(std::move(submission));
      queued_octets_ += octets;
      if (queue_.size() == 1) work_.notify_one();
      return;
    }
  }
  submission.on_done(failure(std::move(refused)));
}

void IncomingWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  tending_.notify_all();
  if (flusher_.joinable()) flusher_.join();
  if (tender_.joinable()) tender_.join();
  digests_.finish();
  (void)journal_->close();
  (void)digests_.tend();  // the newest: that of the last segment
}

// While one group is being flushed the next one gathers in the queue: the disk's own pace makes the groups. Where all
// processors are busy this thread lets the sessions go first: what they bring meanwhile shares the flush (with idle
// processors yielding takes no time).
void IncomingWriter::run_flusher() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
    std::vector<Submission> all;
    all.swap(queue_);
    queued_octets_ = 0;
    lock.unlock();
    append_all(std::move(all));
    lock.lock();
  }
}

// In groups of a bounded size, so that one segment holds each and no flush takes for ever.
void IncomingWriter::append_all(std::vector<Submission> all) {
  std::vector<Submission> group;
  std::uint64_t octets = 0;
  for (auto& one : all) {
    // Twice the head, which is not encoded yet: each recipient and the rest bounded generously.
    std::uint64_t cost = 4096 + std::min(one.body.octets(), options_.inline_octets);
    for (const auto& to : one.envelope.recipients)
      cost += 2 * (to.address.local_part.size() + to.address.domain.size() + to.original_recipient.size() + 32);
    if (!group.empty() && octets + cost > options_.group_octets) {
      append_group(std::move(group));
      group.clear();
      octets = 0;
    }
    octets += cost;
    group.push_back(std::move(one));
  }
  if (!group.empty()) append_group(std::move(group));
}

SpoolResult<> IncomingWriter::prepare(Submission& submission, Prepared& prepared) const {
  auto& body = submission.body;
  submission.envelope.body_octets = body.octets();
  const bool as_blob = body.octets() > options_.inline_octets;
  if (as_blob && !body.file_) {  // a large text that was never spilled: mail of ours
    TRY(file, spills_->make());
    for (const auto& chunk : body.chunks_) TRY_VOID(file->append(chunk));
    TRY_VOID(file->flush());
    body.file_ = std::move(file);
  }
  if (as_blob) {
    const auto path = options_.folder + "/" + blob_name(submission.envelope.id);
    TRY_VOID(body.file_->become(path));
    prepared.blob = path;
    prepared.blob_checksum = body.file_->checksum();
  } else if (body.file_) {
    TRY(loaded, body.file_->read_all());
    prepared.loaded = std::move(loaded);
    prepared.record.body.push_back(prepared.loaded);
  } else {
    prepared.record.body.assign(body.chunks_.begin(), body.chunks_.end());
  }
  prepared.digest = digest_entry(submission.envelope);
  prepared.head = encode(MessageHead{as_blob ? TextPlace::InBlob : TextPlace::InRecord, std::move(submission.envelope),
                                     prepared.blob_checksum});
  prepared.record.head = prepared.head;
  return {};
}

void IncomingWriter::append_group(std::vector<Submission> group) {
  std::vector<Prepared> prepared(group.size());
  std::vector<SpoolResult<>> results(group.size());
  std::vector<storage::Record> records;
  std::vector<std::size_t> of_record;
  bool any_blob = false;
  for (std::size_t i = 0; i < group.size(); ++i) {
    results[i] = prepare(group[i], prepared[i]);
    if (!results[i]) continue;
    any_blob |= !prepared[i].blob.empty();
    records.push_back(std::move(prepared[i].record));
    of_record.push_back(i);
  }
  SpoolResult<std::vector<storage::Position>> appended;
  if (auto synced = any_blob ? disk_.sync_folder(options_.folder) : io::DiskResult<>{}; !synced) {
    appended = failure(spool_error(synced.error()));
  } else if (auto positions = journal_->append(records); positions) {
    appended = *std::move(positions);
  } else {
    appended = failure(spool_error(positions.error()));
  }
  for (std::size_t i = 0; i < of_record.size(); ++i) {
    const auto& blob = prepared[of_record[i]].blob;
    if (!appended) {
      results[of_record[i]] = failure(appended.error());
      if (!blob.empty()) (void)disk_.remove(blob);
    } else if (!blob.empty()) {
      const std::lock_guard lock(blobs_mutex_);
      blobs_of_segment_.emplace((*appended)[i].segment.value(), blob);
    }
  }
  if (appended) has_space_ = true;
  else if (appended.error().kind == SpoolFailure::NoSpace) has_space_ = false;
  {
    const std::lock_guard lock(mutex_);
    ++statistics_.groups;
    statistics_.flushes = journal_->flush_count();
    if (appended) statistics_.messages += of_record.size();
    for (const auto i : of_record)
      if (appended) statistics_.octets += group[i].body.octets();
  }
  for (std::size_t i = 0; i < group.size(); ++i) group[i].on_done(std::move(results[i]));
  if (appended && on_group_) on_group_();
  for (std::size_t i = 0; appended && i < of_record.size(); ++i)
    digests_.add((*appended)[i], journal_->segment_seed(), prepared[of_record[i]].digest);
}

void IncomingWriter::run_tender() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    tend();
    lock.lock();
    tending_.wait_for(lock, tend_every, [this] { return stopping_; });
  }
}

void IncomingWriter::tend() {
  const auto recycled = journal_->tend_pool();
  if (recycled) {
    for (const auto segment : *recycled) digests_.forget(segment);
    const std::lock_guard lock(blobs_mutex_);
    for (const auto segment : *recycled) {
      const auto [first, last] = blobs_of_segment_.equal_range(segment.value());
      for (auto at = first; at != last; ++at) (void)disk_.remove(at->second);
      blobs_of_segment_.erase(first, last);
    }
  }
  const auto used = journal_->usage();
  const bool room = used.segments * options_.segments.segment_octets < options_.segments.most_octets;
  has_space_ = room && used.octets_free >= options_.segments.reserve_octets;
  (void)digests_.tend();
}

// After a start: which blobs belong to which segment, and which to none (their owner died before the record).
SpoolResult<> IncomingWriter::find_blobs() {
  HIKYAKU_SPOOL_DISK(names, disk_.list(options_.folder));
  std::unordered_set<std::string> unclaimed;
  for (auto& name : names)
    if (name.starts_with("blob-")) unclaimed.insert(std::move(name));
  if (unclaimed.empty()) return {};
  HIKYAKU_SPOOL_DISK(reader, storage::open_file_journal_reader(disk_, options_.folder, options_.segments));
  storage::Position from;
  for (;;) {
    HIKYAKU_SPOOL_DISK(page, reader->heads(from, 1000));
    for (const auto& one : page.heads) {
      const auto head = decode_message_head(one.head);
      if (!head || head->place != TextPlace::InBlob) continue;
      const auto name = blob_name(head->envelope.id);
      if (unclaimed.erase(name) > 0) blobs_of_segment_.emplace(one.at.segment.value(), options_.folder + "/" + name);
    }
    if (page.next == from) break;
    from = page.next;
  }
  for (const auto& name : unclaimed) HIKYAKU_SPOOL_VOID(disk_.remove(options_.folder + "/" + name));
  return {};
}

}  // namespace hikyaku::spool
