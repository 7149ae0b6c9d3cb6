// Which bodies a partition has: for the search of those that no record names. Heads are read, bodies are passed over.
#include <algorithm>

#include "storage/blob_packs.h"
#include "storage/blob_record.h"

namespace hikyaku::storage {
namespace {

constexpr std::size_t look_octets = 4 << 10;  // several small records, or the holes of erased ones, in one read

}  // namespace

std::optional<BlobPacks::Spot> BlobPacks::decode(const BlobMark& mark) {
  if (mark.value().empty()) return Spot{};
  WireReader in(mark.value());
  Spot spot;
  spot.pack = in.varint(), spot.offset = in.varint();
  return in.complete() && spot.offset % sector_octets == 0 ? std::optional(spot) : std::nullopt;
}

BlobMark BlobPacks::mark_at(const Spot& spot) { return BlobMark(WireWriter{}.varint(spot.pack).varint(spot.offset).bytes()); }

// Where the open pack ends nobody knows after a boot: then the next body begins a new one.
StoreResult<BlobMark> BlobPacks::mark(Deadline deadline) {
  const FairHold fair(page_.lock, deadline);
  if (!fair.held()) return failure(StoreError{StoreFailure::Timeout, folder_ + ": its lock was not free in time"});
  if (page_.pack != 0) return mark_at({page_.pack, page_.pack_end});
  TRY(numbers, packs());
  return mark_at({(numbers.empty() ? 0 : numbers.back()) + 1, 0});
}

StoreResult<BlobPage> BlobPacks::list(const BlobMark& from, const BlobMark& until, std::uint32_t limit, Deadline deadline) {
  const auto first = decode(from), end = decode(until);
  if (!first || !end) return failure(StoreError{StoreFailure::Refused, "not a mark of this engine's"});
  BlobPage page{{}, until, false};
  TRY(numbers, packs());
  for (const auto number : numbers) {
    if (number < first->pack || number > end->pack) continue;
    Spot at{number, number == first->pack ? first->offset : 0};
    auto in = file(number);
    if (!in && in.error().kind == StoreFailure::NotFound) continue;  // its last body was erased meanwhile
    if (!in) return failure(std::move(in.error()));
    const auto limit_of_pack = number == end->pack ? end->offset : ~std::uint64_t{0};
    TRY(whole, list_pack(**in, at, limit_of_pack, limit, deadline, page.blobs));
    if (whole) continue;
    page.next = mark_at(at);
    page.more = true;
    break;
  }
  return page;
}

StoreResult<bool> BlobPacks::list_pack(io::File& file, Spot& at, std::uint64_t end, std::uint32_t limit, Deadline deadline,
                                       std::vector<BlobId>& found) {
  TRY(size, stored(file.size()));
  std::string look(look_octets, '\0');
  while (at.offset < end) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    TRY(octets, stored(file.read_at(at.offset, look)));
    if (octets < header_octets) return true;
    const auto base = at.offset;
    while (at.offset < end && at.offset - base + header_octets <= octets) {
      const auto head = read_head(std::string_view(look).substr(at.offset - base, header_octets), size - std::min(size, at.offset + header_octets));
      if (head.mark == Mark::Living) {
        if (found.size() >= limit) return false;
        found.push_back(name({at.pack, at.offset, head.length, head.checksum}));
      }
      at.offset += head.mark == Mark::Living ? round_up(header_octets + head.length) : sector_octets;
    }
  }
  return true;
}

}  // namespace hikyaku::storage
