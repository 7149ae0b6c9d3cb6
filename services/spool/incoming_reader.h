// IncomingReader: deliver's end of one incoming journal. It hands out each message once, by its head, and knows which
// segments have nothing left to do.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/spool/delivery_state.h"
#include "services/spool/incoming_search.h"
#include "services/spool/spool.h"
#include "services/spool/text_reader.h"
#include "storage/file_journal.h"

namespace hikyaku::spool {

class IncomingReader {
 public:
  static SpoolResult<std::unique_ptr<IncomingReader>> open(io::Disk& disk, std::string folder, std::uint16_t journal,
                                                           const storage::FileJournalOptions& options);

  // What `is_settled` says of a recipient of a record. Called with this object's lock held.
  using IsSettled = std::function<std::optional<Settled>(storage::Position at, std::uint32_t recipient)>;
  SpoolResult<std::vector<FreshMessage>> next(std::size_t limit, const IsSettled& is_settled);
  // What next() came past and nobody can read any more: files that were taken away (Gone: no other mail waits for it). Each once.
  [[nodiscard]] std::vector<SpoolError> take_losses();
  // The recipients have a final end or a place in holding.
  void settled(const MessageRef& message, std::uint32_t recipient);

  SpoolResult<Envelope> envelope(storage::Position at);
  // Of all that the journal has, read by next() or not. See IncomingSearch.
  SpoolResult<bool> search(const FreshFilter& filter, const FreshCursor& from, std::size_t limit, const Enough& enough,
                           const IncomingSearch::DropSettled& drop_settled, FreshPage& page) {
    return IncomingSearch({disk_, folder_, number_, *reader_}, filter, limit, enough, drop_settled).run(from, page);
  }
  SpoolResult<std::string> body(const MessageRef& message, std::uint64_t offset, std::uint64_t octets);
  // As Spool::text_at_hand.
  std::optional<std::string> text_at_hand(const MessageRef& message, std::uint64_t octets) { return reader_->body_at_hand(message.at, octets); }
  SpoolResult<TextSum> text_sum(const MessageRef& message);

  // Read to the end and nothing open.
  [[nodiscard]] std::vector<storage::SegmentNumber> done_segments() const;
  SpoolResult<> release(storage::SegmentNumber segment);

  // See Spool. Nothing: not read to its end, or no message was ever seen.
  std::optional<TraceId> lowest_unreleased();

  void add_to(SpoolCounts& counts);
  void for_each_open(const std::function<void(const MessageRef&)>& visit) const;
  // Of a message, those that wait for their first attempt.
  [[nodiscard]] std::vector<std::uint32_t> waiting(storage::Position at) const;
  void survey(const SurveyVisitor& visit) const;
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  struct OpenMessage {
    TraceId id;
    std::uint64_t octets = 0;
    WallTime accepted_at{};
    std::vector<bool> done;
    std::vector<bool> verify = {};  // delivered by an earlier life, to be confirmed: it does not wait
    std::uint32_t open = 0, waiting = 0;
    TextKey sender = 0, account = 0, domain = 0;
  };
  struct Segment {
    bool finished = false;
    std::size_t open = 0;
    std::optional<TraceId> lowest;  // of its messages, settled ones too
  };
  IncomingReader(io::Disk& disk, std::string folder, std::uint16_t journal, std::unique_ptr<storage::JournalReader> reader);

  io::Disk& disk_;
  const std::string folder_;
  const std::uint16_t number_;
  const std::unique_ptr<storage::JournalReader> reader_;
  mutable std::mutex mutex_;
  storage::Position next_;
  TraceId highest_;  // ever seen here
  std::map<storage::SegmentNumber, Segment> segments_;
  std::map<storage::Position, OpenMessage> open_;
  struct Blob {
    TraceId id;
    TextSum sum;
  };
  [[nodiscard]] std::optional<Blob> blob_at(storage::Position at) const;
  void look_for_losses();  // locked
  std::map<storage::Position, Blob> blobs_;
  std::uint64_t damaged_ = 0;
  std::optional<storage::SegmentNumber> looked_at_;  // for losses
  std::set<storage::SegmentNumber> lost_;
  std::vector<SpoolError> losses_;
};

}  // namespace hikyaku::spool
