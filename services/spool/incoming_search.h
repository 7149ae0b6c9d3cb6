// IncomingSearch: which messages of an incoming journal that wait for their first attempt match a filter, whether deliver has
// read them yet or not: by the digests of its segments (incoming_digest.h), by the heads where a digest does not reach. It
// changes nothing and remembers nothing.
//
// A million messages cost a few thousand small reads and about 10 ms; by heads alone 0.3 to 2 s. In memory it has three columns of a
// digest's part at most, 6 MB, and a page of heads.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/spool/incoming_digest.h"
#include "storage/journal.h"

namespace hikyaku::spool {

class IncomingSearch {
 public:
  struct Place {
    io::Disk& disk;
    const std::string& folder;
    std::uint16_t journal = 0;
    storage::JournalReader& reader;
  };
  // Takes away whoever of these recipients does not wait any more. Ascending.
  using DropSettled = std::function<void(storage::SegmentNumber, std::vector<RecordRecipient>&)>;
  IncomingSearch(Place place, const FreshFilter& filter, std::size_t limit, const Enough& enough, const DropSettled& drop_settled);

  // Adds to the page what matches from there on. False: the page is full, or it was enough; page.next says where it stands.
  SpoolResult<bool> run(const FreshCursor& from, FreshPage& page);

 private:
  SpoolResult<bool> look_at(const storage::SegmentFacts& segment, RecordRecipient from, FreshPage& page);
  SpoolResult<bool> look_at_heads(storage::SegmentNumber segment, std::uint32_t offset, RecordRecipient from, FreshPage& page);
  bool take(storage::SegmentNumber segment, std::vector<RecordRecipient> rows, FreshPage& page);
  bool take_open(storage::SegmentNumber segment, const std::vector<RecordRecipient>& rows, FreshPage& page);
  // nullptr: it cannot be read, or makes no sense.
  const Envelope* envelope_at(storage::Position at);
  [[nodiscard]] bool is_enough() const { return enough_ && enough_(); }
  [[nodiscard]] FreshCursor cursor(storage::SegmentNumber segment, RecordRecipient at) const { return {place_.journal, {segment, at.offset}, at.recipient}; }

  const Place place_;
  const FreshFilter& filter_;
  const DigestQuery query_;
  const std::size_t limit_;
  const Enough& enough_;
  const DropSettled& drop_settled_;
  storage::Position envelope_of_;
  std::optional<Envelope> envelope_;
};

}  // namespace hikyaku::spool
