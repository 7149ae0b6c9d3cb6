// Holding: the texts of mail that waits, deferred or made by us. A journal of its own, so that incoming's segments go back
// soon; segments with little living mail are copied together (Spool::tend), so that one old message pins none.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/spool/delivery_state.h"
#include "services/spool/message_record.h"
#include "services/spool/text_reader.h"
#include "storage/file_journal.h"

namespace hikyaku::spool {

struct TextToHold {
  Envelope envelope;
  // As TextReader::next, from the beginning on: what is damaged is not kept as if it were whole.
  std::function<SpoolResult<std::string>(std::uint64_t octets)> next;
};

// put, remove_text and tend: one thread at a time; reading: any.
class Holding {
 public:
  static SpoolResult<std::unique_ptr<Holding>> open(io::Disk& disk, std::string folder,
                                                    const storage::FileJournalOptions& options, std::uint64_t blob_octets);
  // Blobs that `known` does not know belong to nobody.
  SpoolResult<> remove_unknown_blobs(const std::function<bool(const TraceId&)>& known);

  // All are on disk when it returns; one flush for all that are no blobs.
  SpoolResult<std::vector<HoldingRecord>> put(std::span<const TextToHold> texts);
  // The same text at a new place, for compaction. Texts that are gone or damaged are left out and counted.
  SpoolResult<std::vector<HoldingRecord>> copy(const std::vector<std::pair<TraceId, Held>>& survivors);

  SpoolResult<Envelope> envelope(const Held& held);
  SpoolResult<std::string> body(const TraceId& id, const Held& held, std::uint64_t offset, std::uint64_t octets);
  SpoolResult<TextSum> text_sum(const Held& held);
  // A dead text's blob, if it is one.
  void remove_text(const TraceId& id, const Held& held);

  SpoolResult<std::vector<storage::SegmentNumber>> finished_segments();
  SpoolResult<> release(storage::SegmentNumber segment);
  SpoolResult<> tend();
  [[nodiscard]] std::uint64_t damaged() const { return damaged_ + reader_->damaged_records() + journal_->damaged_records(); }

 private:
  Holding(io::Disk& disk, std::string folder, std::unique_ptr<storage::JournalWriter> journal,
          std::unique_ptr<storage::JournalReader> reader, std::uint64_t blob_octets);
  struct Ready {
    TraceId id;
    std::string head, text;
    bool blob = false;
  };
  SpoolResult<std::uint64_t> write_blob(const TextToHold& text);  // its checksum
  SpoolResult<std::vector<HoldingRecord>> append(const std::vector<Ready>& all);

  io::Disk& disk_;
  const std::string folder_;
  const std::unique_ptr<storage::JournalWriter> journal_;
  const std::unique_ptr<storage::JournalReader> reader_;
  const std::uint64_t blob_octets_;
  std::uint64_t damaged_ = 0;
};

}  // namespace hikyaku::spool
