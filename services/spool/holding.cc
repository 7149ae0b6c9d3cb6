#include "services/spool/holding.h"

#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::uint64_t copy_octets = 1 << 20;
constexpr std::string_view blob_prefix = "blob-";
}  // namespace

SpoolResult<std::unique_ptr<Holding>> Holding::open(io::Disk& disk, std::string folder,
                                                    const storage::FileJournalOptions& options, std::uint64_t blob_octets) {
  HIKYAKU_SPOOL_DISK(journal, storage::open_file_journal(disk, folder, options));
  HIKYAKU_SPOOL_DISK(reader, storage::open_file_journal_reader(disk, folder, options));
  blob_octets = std::min(blob_octets, journal->largest_group() / 4);
  return std::unique_ptr<Holding>(new Holding(disk, std::move(folder), std::move(journal), std::move(reader), blob_octets));
}

Holding::Holding(io::Disk& disk, std::string folder, std::unique_ptr<storage::JournalWriter> journal,
                 std::unique_ptr<storage::JournalReader> reader, std::uint64_t blob_octets)
    : disk_(disk), folder_(std::move(folder)), journal_(std::move(journal)), reader_(std::move(reader)),
      blob_octets_(blob_octets) {}

SpoolResult<> Holding::remove_unknown_blobs(const std::function<bool(const TraceId&)>& known) {
  HIKYAKU_SPOOL_DISK(names, disk_.list(folder_));
  for (const auto& name : names) {
    if (!name.starts_with(blob_prefix)) continue;
    const auto id = TraceId::parse(std::string_view(name).substr(blob_prefix.size()));
    if (id && known(*id)) continue;
    HIKYAKU_SPOOL_VOID(disk_.remove(folder_ + "/" + name));
  }
  return {};
}

SpoolResult<std::uint64_t> Holding::write_blob(const TextToHold& text) {
  HIKYAKU_SPOOL_DISK(file, disk_.open(folder_ + "/" + blob_name(text.envelope.id), io::OpenMode::Create));
  HIKYAKU_SPOOL_VOID(file->resize(0));
  StreamingChecksum sum;
  sum.start();
  for (std::uint64_t at = 0;;) {
    TRY(part, text.next(copy_octets));
    if (part.empty()) break;
    HIKYAKU_SPOOL_VOID(file->write_at(at, part));
    at += part.size();
    sum.add(part);
  }
  if (auto flushed = file->flush(); !flushed) return failure(SpoolError{SpoolFailure::FlushFailed, flushed.error().what});
  return sum.value();
}

SpoolResult<std::vector<HoldingRecord>> Holding::append(const std::vector<Ready>& all) {
  std::vector<HoldingRecord> placed;
  std::vector<storage::Record> group;
  std::uint64_t group_octets = 0;
  const auto write = [&]() -> SpoolResult<> {
    HIKYAKU_SPOOL_DISK(positions, journal_->append(group));
    for (const auto& at : positions) placed[placed.size() - group.size() + static_cast<std::size_t>(&at - positions.data())].at = at;
    group.clear();
    group_octets = 0;
    return {};
  };
  for (const auto& one : all) {
    storage::Record record{one.head, {}};
    if (!one.blob) record.body.push_back(one.text);
    const auto octets = storage::octets_of(record);
    if (group_octets + octets > journal_->largest_group() / 2 && !group.empty()) TRY_VOID(write());
    placed.push_back({one.id, {}, octets, one.blob});
    group.push_back(std::move(record));
    group_octets += octets;
  }
  if (!group.empty()) TRY_VOID(write());
  return placed;
}

SpoolResult<std::vector<HoldingRecord>> Holding::put(std::span<const TextToHold> texts) {
  std::vector<Ready> all;
  all.reserve(texts.size());
  bool any_blob = false;
  for (const auto& one : texts) {
    Ready ready{one.envelope.id, {}, {}, one.envelope.body_octets > blob_octets_};
    MessageHead head{ready.blob ? TextPlace::InBlob : TextPlace::InRecord, one.envelope};
    if (ready.blob) {
      TRY(sum, write_blob(one));
      head.blob_checksum = sum;
      any_blob = true;
    } else {
      TRY(text, one.next(one.envelope.body_octets));
      ready.text = std::move(text);
    }
    ready.head = encode(head);
    all.push_back(std::move(ready));
  }
  if (any_blob) HIKYAKU_SPOOL_VOID(disk_.sync_folder(folder_));
  return append(all);
}

SpoolResult<std::vector<HoldingRecord>> Holding::copy(const std::vector<std::pair<TraceId, Held>>& survivors) {
  std::vector<Ready> all;
  for (const auto& [id, held] : survivors) {
    auto head = reader_->head(held.at);
    auto text = held.blob ? storage::JournalResult<std::string>(std::string()) : reader_->body(held.at, 0, UINT32_MAX);
    if (!head || !text) {
      const auto& error = !head ? head.error() : text.error();
      if (error.kind != storage::JournalFailure::Damaged) return failure(spool_error(error));
      ++damaged_;
      continue;
    }
    all.push_back({id, *std::move(head), *std::move(text), held.blob});
  }
  if (all.empty()) return std::vector<HoldingRecord>{};
  return append(all);
}

SpoolResult<Envelope> Holding::envelope(const Held& held) {
  HIKYAKU_SPOOL_DISK(octets, reader_->head(held.at));
  auto head = decode_message_head(octets);
  if (!head) return failure(SpoolError{SpoolFailure::Damaged, "an envelope in holding makes no sense"});
  return std::move(head->envelope);
}

SpoolResult<std::string> Holding::body(const TraceId& id, const Held& held, std::uint64_t offset, std::uint64_t octets) {
  if (held.blob) {
    TRY(sum, text_sum(held));
    return read_blob(disk_, folder_ + "/" + blob_name(id), sum, offset, octets);
  }
  HIKYAKU_SPOOL_DISK(text, reader_->body(held.at, offset, octets));
  return text;
}

SpoolResult<TextSum> Holding::text_sum(const Held& held) {
  if (!held.blob) {
    HIKYAKU_SPOOL_DISK(sum, reader_->body_checksum(held.at));
    return TextSum{sum.octets, sum.seed, sum.value};
  }
  HIKYAKU_SPOOL_DISK(octets, reader_->head(held.at));
  const auto head = decode_message_head(octets);
  if (!head) return failure(SpoolError{SpoolFailure::Damaged, "an envelope in holding makes no sense"});
  return TextSum{head->envelope.body_octets, 0, head->blob_checksum};
}

void Holding::remove_text(const TraceId& id, const Held& held) {
  if (held.blob) (void)disk_.remove(folder_ + "/" + blob_name(id));
}

SpoolResult<std::vector<storage::SegmentNumber>> Holding::finished_segments() {
  HIKYAKU_SPOOL_DISK(finished, reader_->finished_segments());
  return finished;
}

SpoolResult<> Holding::release(storage::SegmentNumber segment) {
  HIKYAKU_SPOOL_VOID(reader_->release(segment));
  return {};
}

SpoolResult<> Holding::tend() {
  HIKYAKU_SPOOL_VOID(journal_->tend_pool());
  return {};
}

}  // namespace hikyaku::spool
