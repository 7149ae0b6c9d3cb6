// The heads of the records in a pack, as blob_packs.h describes them. Internal to BlobPacks.
#pragma once

#include "base/checksum.h"
#include "base/wire.h"
#include "storage/sqlite_home.h"

namespace hikyaku::storage {

inline constexpr std::size_t header_octets = 32, sector_octets = 512;
inline constexpr std::uint64_t most_body_octets = 1ULL << 40;
inline constexpr std::string_view living_magic = "HKYBLOB1", dead_magic = "HKYDEAD1";

inline std::uint64_t round_up(std::uint64_t octets) { return (octets + sector_octets - 1) / sector_octets * sector_octets; }

inline std::string header(std::uint64_t length, std::uint64_t sum) {
  const auto fields = WireWriter{}.u64(length).u64(sum).bytes();
  return std::string(living_magic) + fields + WireWriter{}.u64(checksum(fields)).bytes();
}

enum class Mark : std::uint8_t { Living, Dead, Nothing };
struct Head {
  Mark mark = Mark::Nothing;
  std::uint64_t length = 0, checksum = 0;
};

// Where a crash tore a head off, its body's sectors are looked at too: what a mail's text claims there is bounded by `room`, the
// octets that the file has behind this head.
inline Head read_head(std::string_view octets, std::uint64_t room = most_body_octets) {
  WireReader in(octets.substr(8));
  Head head;
  head.length = in.u64(), head.checksum = in.u64();
  if (in.u64() != checksum(octets.substr(8, 16)) || head.length >= most_body_octets || head.length > room) return {};
  if (octets.starts_with(living_magic)) head.mark = Mark::Living;
  if (octets.starts_with(dead_magic)) head.mark = Mark::Dead;
  return head;
}

template <class T>
StoreResult<T> stored(io::DiskResult<T> result) {
  if (!result) return failure(store_error(std::move(result.error())));
  if constexpr (std::is_void_v<T>) return {};
  else return std::move(*result);
}

}  // namespace hikyaku::storage
