// BlobPacks: the bodies of one partition, in append-only files `pack-N` beside its index. A record is a header of 32
// octets and the body, and begins at a multiple of 512, so that no unflushed write shares a sector with a durable body.
//
//   octets  0..7   "HKYBLOB1", or "HKYDEAD1" once erased
//           8..15  length of the body
//          16..23  checksum of the body
//          24..31  checksum of octets 8..23
//
// A blob's name holds pack, offset, length and checksum: a place that was used again can never be taken for it. All
// processes append to one pack; where it ends is in the PartitionPage. Nobody knows that after a boot, so then a new
// pack is begun, and a place that a record may name is never given out twice.
#pragma once

#include <map>
#include <mutex>

#include "storage/sqlite_home.h"

namespace hikyaku::storage {

class BlobPacks {
 public:
  BlobPacks(const SqliteHome& home, std::string folder, PartitionPage& page);

  StoreResult<std::vector<BlobId>> put(const std::vector<std::string_view>& bodies, Durability durability, Deadline deadline);
  StoreResult<std::string> read(const BlobId& blob, std::uint64_t offset, std::uint64_t octets);
  StoreResult<> verify(const BlobId& blob);
  StoreResult<> erase(const BlobId& blob, Deadline deadline);
  StoreResult<BlobMark> mark(Deadline deadline);
  StoreResult<BlobPage> list(const BlobMark& from, const BlobMark& until, std::uint32_t limit, Deadline deadline);
  // All bodies whose put has returned, of every process, are on stable storage afterwards.
  StoreResult<> flush(Deadline deadline);
  // Removes every pack. The caller holds the partition's lock.
  StoreResult<> remove_all();

 private:
  struct Place {
    std::uint64_t pack = 0, offset = 0, length = 0, checksum = 0;
  };
  struct Spot {
    std::uint64_t pack = 0, offset = 0;
    auto operator<=>(const Spot&) const = default;
  };
  using FilePointer = std::shared_ptr<io::File>;

  struct Reserved {
    std::uint64_t pack = 0, offset = 0;
    std::uint32_t failures = 0;  // of flushes of the pack so far
  };

  static std::optional<Place> decode(const BlobId& blob);
  static std::optional<Spot> decode(const BlobMark& mark);
  static BlobMark mark_at(const Spot& spot);
  // Adds what lives in one pack from `at` on and before `end`; `at` goes on. False: the limit or the deadline was reached.
  StoreResult<bool> list_pack(io::File& file, Spot& at, std::uint64_t end, std::uint32_t limit, Deadline deadline, std::vector<BlobId>& found);
  static BlobId name(const Place& place);
  StoreResult<> expect_room(std::uint64_t octets) const;
  StoreResult<Reserved> reserve(std::uint64_t octets, Deadline deadline);
  StoreResult<> begin_pack();
  StoreResult<> write(const Reserved& at, const std::vector<std::string_view>& parts, std::uint64_t octets,
                      Durability durability, Deadline deadline);
  StoreResult<> flush_locked();
  void flush_failed();
  StoreResult<> rewrite(io::File& file);
  StoreResult<FilePointer> file(std::uint64_t pack);
  // The file, when the record at `place` is the living one that was named.
  StoreResult<FilePointer> find(const Place& place);
  StoreResult<std::uint64_t> count_living(io::File& file);
  StoreResult<> remove_when_dead(std::uint64_t pack);
  StoreResult<std::vector<std::uint64_t>> packs() const;
  [[nodiscard]] std::string path(std::uint64_t pack) const { return folder_ + "/pack-" + std::to_string(pack); }

  const SqliteHome& home_;
  const std::string folder_;
  PartitionPage& page_;
  std::mutex mutex_;
  std::map<std::uint64_t, FilePointer> files_;      // a few, opened lately
  std::map<std::uint64_t, std::uint64_t> living_;   // blobs left in a full pack, as far as this process knows
};

}  // namespace hikyaku::storage
