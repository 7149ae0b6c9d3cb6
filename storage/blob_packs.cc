#include "storage/blob_packs.h"

#include <charconv>
#include <cstring>

#include "storage/blob_record.h"

namespace hikyaku::storage {
namespace {

constexpr std::size_t chunk_octets = 256 << 10, files_kept = 4;

auto not_found() { return failure(StoreError{StoreFailure::NotFound, "no such blob"}); }
auto damaged(const std::string& path, std::uint64_t offset) {
  return failure(StoreError{StoreFailure::Broken, path + ": the blob at " + std::to_string(offset) + " is damaged"});
}

}  // namespace

BlobPacks::BlobPacks(const SqliteHome& home, std::string folder, PartitionPage& page)
    : home_(home), folder_(std::move(folder)), page_(page) {}

std::optional<BlobPacks::Place> BlobPacks::decode(const BlobId& blob) {
  WireReader in(blob.value());
  Place place;
  place.pack = in.varint(), place.offset = in.varint(), place.length = in.varint(), place.checksum = in.u64();
  const bool sane = in.complete() && place.offset % sector_octets == 0 && place.offset < 1ULL << 50 && place.length < most_body_octets;
  return sane ? std::optional(place) : std::nullopt;
}

BlobId BlobPacks::name(const Place& place) {
  return BlobId(WireWriter{}.varint(place.pack).varint(place.offset).varint(place.length).u64(place.checksum).bytes());
}

StoreResult<std::vector<BlobId>> BlobPacks::put(const std::vector<std::string_view>& bodies, Durability durability, Deadline deadline) {
  if (bodies.empty()) return std::vector<BlobId>{};
  std::vector<Place> places;
  std::vector<std::string> heads;
  std::uint64_t octets = 0;
  for (const auto body : bodies) {
    places.push_back({0, octets, body.size(), checksum(body)});
    heads.push_back(header(body.size(), places.back().checksum));
    octets += round_up(header_octets + body.size());
  }
  TRY_VOID(expect_room(octets));
  TRY(start, reserve(octets, deadline));
  static constexpr char zeros[sector_octets] = {};
  std::vector<std::string_view> parts;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const auto used = header_octets + bodies[i].size();
    for (const auto part : {std::string_view(heads[i]), bodies[i], std::string_view(zeros, round_up(used) - used)})
      if (!part.empty()) parts.push_back(part);
  }
  TRY_VOID(write(start, parts, octets, durability, deadline));
  std::vector<BlobId> ids;
  for (const auto& place : places) ids.push_back(name({start.pack, start.offset + place.offset, place.length, place.checksum}));
  return ids;
}

StoreResult<> BlobPacks::expect_room(std::uint64_t octets) const {
  if (home_.body_reserve_octets == 0) return {};
  TRY(free, stored(home_.disk.free_octets(home_.root)));
  if (free >= home_.body_reserve_octets && free - home_.body_reserve_octets >= octets) return {};
  return failure(StoreError{StoreFailure::NoSpace, folder_ + ": the last " + std::to_string(home_.body_reserve_octets >> 20) +
                                                       " MiB of the disk are kept for indexes"});
}

StoreResult<BlobPacks::Reserved> BlobPacks::reserve(std::uint64_t octets, Deadline deadline) {
  const FairHold fair(page_.lock, deadline);
  if (!fair.held()) return failure(StoreError{StoreFailure::Timeout, folder_ + ": its lock was not free in time"});
  if (page_.pack == 0 || (page_.pack_end > 0 && page_.pack_end + octets > home_.pack_octets)) TRY_VOID(begin_pack());
  return Reserved{page_.pack, page_.pack_end.fetch_add(octets), page_.pack_failures};
}

// A pack is left behind flushed; who still writes to it flushes it himself.
StoreResult<> BlobPacks::begin_pack() {
  if (page_.pack != 0) TRY_VOID(flush_locked());
  TRY(numbers, packs());
  const auto next = std::max(numbers.empty() ? 0 : numbers.back(), page_.pack.load()) + 1;
  TRY(made, stored(home_.disk.open(path(next), io::OpenMode::CreateNew)));
  TRY_VOID(stored(home_.disk.sync_folder(folder_)));
  page_.pack_end = 0, page_.pack_suspect = 0;
  page_.pack = next;
  return {};
}

StoreResult<> BlobPacks::write(const Reserved& at, const std::vector<std::string_view>& parts, std::uint64_t octets,
                               Durability durability, Deadline deadline) {
  TRY(out, file(at.pack));
  auto written = stored(out->write_at(at.offset, parts));
  // A flush that failed meanwhile may have made the kernel forget the first part of this write.
  if (written && page_.pack_failures != at.failures) written = stored(out->write_at(at.offset, parts));
  if (!written) {
    static_cast<void>(out->discard(at.offset, octets));
    return written;
  }
  if (durability == Durability::Lazy && page_.pack == at.pack) return {};
  if (page_.pack == at.pack && page_.pack_suspect != 0) return flush(deadline);
  auto flushed = stored(out->flush());
  if (!flushed) {
    flush_failed();
    if (flushed.error().kind == StoreFailure::Broken) flushed.error().kind = StoreFailure::OutcomeUnknown;
  }
  return flushed;
}

// The kernel has forgotten what it could not write, and bodies of others may be among it.
void BlobPacks::flush_failed() {
  page_.pack_suspect = 1;
  ++page_.pack_failures;
}

StoreResult<> BlobPacks::flush(Deadline deadline) {
  const FairHold fair(page_.lock, deadline);
  if (!fair.held()) return failure(StoreError{StoreFailure::Timeout, folder_ + ": its lock was not free in time"});
  return flush_locked();
}

StoreResult<> BlobPacks::flush_locked() {
  std::vector<std::uint64_t> unflushed;
  if (page_.old_packs_flushed == 0) {
    TRY(numbers, packs());
    unflushed = std::move(numbers);
  } else if (page_.pack != 0) {
    unflushed.push_back(page_.pack);
  }
  for (const auto number : unflushed) {
    TRY(out, file(number));
    if (page_.pack_suspect != 0) TRY_VOID(rewrite(*out));
    if (auto flushed = stored(out->flush()); !flushed) {
      flush_failed();
      return flushed;
    }
  }
  page_.old_packs_flushed = 1;
  page_.pack_suspect = 0;
  return {};
}

// Makes the kernel write again what a failed flush made it forget: every whole record. One that is still being written
// is left alone: its writer sees that a flush failed and writes it once more.
StoreResult<> BlobPacks::rewrite(io::File& file) {
  TRY(size, stored(file.size()));
  std::string record(header_octets, '\0');
  for (std::uint64_t at = 0;;) {
    record.resize(header_octets);
    TRY(octets, stored(file.read_at(at, record)));
    if (octets < header_octets) return {};
    const auto head = read_head(record, size - std::min(size, at + header_octets));
    if (head.mark != Mark::Living) {
      at += sector_octets;
      continue;
    }
    record.resize(header_octets + head.length);
    TRY(all, stored(file.read_at(at, record)));
    const bool sound = all == record.size() && checksum(std::string_view(record).substr(header_octets)) == head.checksum;
    if (sound) TRY_VOID(stored(file.write_at(at, record)));
    at += sound ? round_up(record.size()) : sector_octets;
  }
  return {};
}

StoreResult<BlobPacks::FilePointer> BlobPacks::file(std::uint64_t pack) {
  {
    const std::lock_guard hold(mutex_);
    if (const auto known = files_.find(pack); known != files_.end()) return known->second;
  }
  auto opened = home_.disk.open(path(pack), io::OpenMode::ReadWrite);
  if (!opened) return failure(store_error(std::move(opened.error())));
  const std::lock_guard hold(mutex_);
  if (files_.size() >= files_kept) files_.erase(files_.begin());
  return files_[pack] = std::move(*opened);
}

StoreResult<BlobPacks::FilePointer> BlobPacks::find(const Place& place) {
  auto in = file(place.pack);
  if (!in && in.error().kind == StoreFailure::NotFound) return not_found();
  if (!in) return in;
  char octets[header_octets];
  TRY(read, stored((*in)->read_at(place.offset, octets)));
  if (read == 0) return not_found();
  const std::string_view text(octets, read);
  if (text.find_first_not_of('\0') == std::string_view::npos) return not_found();  // discarded, or never written
  const auto head = read == header_octets ? read_head(text) : Head{};
  if (head.mark == Mark::Nothing) return damaged(path(place.pack), place.offset);
  if (head.mark == Mark::Dead || head.length != place.length || head.checksum != place.checksum) return not_found();
  return in;
}

StoreResult<std::string> BlobPacks::read(const BlobId& blob, std::uint64_t offset, std::uint64_t octets) {
  const auto place = decode(blob);
  if (!place) return not_found();
  TRY(in, find(*place));
  if (offset >= place->length) return std::string{};
  std::string body(std::min(octets, place->length - offset), '\0');
  TRY(read, stored(in->read_at(place->offset + header_octets + offset, body)));
  if (read != body.size()) return damaged(path(place->pack), place->offset);
  if (body.size() == place->length && checksum(body) != place->checksum) return damaged(path(place->pack), place->offset);
  return body;
}

StoreResult<> BlobPacks::verify(const BlobId& blob) {
  TRY_VOID(read(blob, 0, ~std::uint64_t{0}));
  return {};
}

StoreResult<> BlobPacks::erase(const BlobId& blob, Deadline deadline) {
  const auto place = decode(blob);
  if (!place) return not_found();
  const FairHold fair(page_.lock, deadline);
  if (!fair.held()) return failure(StoreError{StoreFailure::Timeout, folder_ + ": its lock was not free in time"});
  TRY(out, find(*place));
  TRY_VOID(stored(out->write_at(place->offset, dead_magic)));
  TRY_VOID(stored(out->discard(place->offset, round_up(header_octets + place->length))));
  if (place->pack == page_.pack) return {};
  const auto known = living_.find(place->pack);
  if (known != living_.end() && --known->second > 0) return {};
  return remove_when_dead(place->pack);
}

StoreResult<> BlobPacks::remove_when_dead(std::uint64_t pack) {
  TRY(in, file(pack));
  TRY(count, count_living(*in));
  if (count > 0) {
    living_[pack] = count;
    return {};
  }
  living_.erase(pack);
  {
    const std::lock_guard hold(mutex_);
    files_.erase(pack);
  }
  return stored(home_.disk.remove(path(pack)));
}

// Walks the records by their headers; where none is (a writer died, a block was discarded) it looks at every sector.
StoreResult<std::uint64_t> BlobPacks::count_living(io::File& file) {
  TRY(size, stored(file.size()));
  std::string chunk(chunk_octets, '\0');
  std::uint64_t living = 0, at = 0;
  for (;;) {
    TRY(octets, stored(file.read_at(at, chunk)));
    if (octets < header_octets) return living;
    std::uint64_t next = 0;
    while (next + header_octets <= octets) {
      const auto head = read_head(std::string_view(chunk).substr(next, header_octets), size - std::min(size, at + next + header_octets));
      living += head.mark == Mark::Living ? 1 : 0;
      next += head.mark == Mark::Living ? round_up(header_octets + head.length) : sector_octets;
    }
    at += next;
  }
}

StoreResult<std::vector<std::uint64_t>> BlobPacks::packs() const {
  TRY(names, stored(home_.disk.list(folder_)));
  std::vector<std::uint64_t> numbers;
  for (const auto& name : names) {
    std::uint64_t number = 0;
    if (!name.starts_with("pack-")) continue;
    const auto [end, problem] = std::from_chars(name.data() + 5, name.data() + name.size(), number);
    if (problem == std::errc{} && end == name.data() + name.size()) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

StoreResult<> BlobPacks::remove_all() {
  TRY(numbers, packs());
  {
    const std::lock_guard hold(mutex_);
    files_.clear();
  }
  living_.clear();
  for (const auto number : numbers) TRY_VOID(stored(home_.disk.remove(path(number))));
  page_.pack = 0, page_.pack_end = 0, page_.pack_suspect = 0;
  return {};
}

}  // namespace hikyaku::storage
