#include "services/spool/snapshot_file.h"

#include <zstd.h>

#include "base/checksum.h"
#include "base/wire.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::string_view magic = "HIKYSNP2";
constexpr std::uint32_t block_header_octets = 13;  // length, checksum, kind
constexpr std::uint32_t most_packed_octets = 64 << 20, most_content_octets = 64 << 20;
constexpr int level = 1;
}  // namespace

SpoolResult<std::unique_ptr<SnapshotWriter>> SnapshotWriter::create(io::Disk& disk, std::string path) {
  HIKYAKU_SPOOL_DISK(file, disk.open(path + ".new", io::OpenMode::Create));
  HIKYAKU_SPOOL_VOID(file->resize(0));
  HIKYAKU_SPOOL_VOID(file->write_at(0, magic));
  return std::unique_ptr<SnapshotWriter>(new SnapshotWriter(disk, std::move(path), std::move(file)));
}

SnapshotWriter::SnapshotWriter(io::Disk& disk, std::string path, std::unique_ptr<io::File> file)
    : disk_(disk), path_(std::move(path)), file_(std::move(file)), at_(magic.size()) {}

SpoolResult<> SnapshotWriter::add(BlockKind kind, std::string_view content) {
  std::string packed(ZSTD_compressBound(content.size()), '\0');
  const auto octets = ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), level);
  if (ZSTD_isError(octets) != 0) return failure(SpoolError{SpoolFailure::Broken, std::string("zstd: ") + ZSTD_getErrorName(octets)});
  packed.resize(octets);
  WireWriter header;
  header.u32(static_cast<std::uint32_t>(packed.size())).u64(checksum(packed, blocks_)).u8(static_cast<std::uint8_t>(kind));
  const std::string_view parts[] = {header.bytes(), packed};
  HIKYAKU_SPOOL_VOID(file_->write_at(at_, parts));
  at_ += header.bytes().size() + packed.size();
  ++blocks_;
  return {};
}

SpoolResult<> SnapshotWriter::finish() {
  WireWriter end;
  end.u64(blocks_);
  TRY_VOID(add(BlockKind::End, end.bytes()));
  if (auto flushed = file_->flush(); !flushed) return failure(SpoolError{SpoolFailure::FlushFailed, flushed.error().what});
  file_.reset();
  HIKYAKU_SPOOL_VOID(disk_.rename(path_ + ".new", path_));
  HIKYAKU_SPOOL_VOID(disk_.sync_folder(path_.substr(0, path_.rfind('/'))));
  return {};
}

io::DiskResult<std::unique_ptr<SnapshotReader>> SnapshotReader::open(io::Disk& disk, const std::string& path) {
  TRY(file, disk.open(path, io::OpenMode::Read));
  TRY(size, file->size());
  std::string first(magic.size(), '\0');
  TRY(octets, file->read_at(0, first));
  std::unique_ptr<SnapshotReader> reader(new SnapshotReader(path, std::move(file), size));
  reader->format_2_ = octets == magic.size() && first == magic;
  reader->at_ = magic.size();
  return reader;
}

SnapshotReader::SnapshotReader(std::string path, std::unique_ptr<io::File> file, std::uint64_t size)
    : path_(std::move(path)), file_(std::move(file)), size_(size) {}

SpoolResult<std::string> SnapshotReader::read(std::uint64_t octets) {
  if (octets > size_ - std::min(at_, size_)) return failure(damaged());
  std::string content(octets, '\0');
  HIKYAKU_SPOOL_DISK(got, file_->read_at(at_, content));
  if (got != octets) return failure(damaged());
  at_ += octets;
  return content;
}

SpoolResult<SnapshotReader::Block> SnapshotReader::next() {
  TRY(octets, read(block_header_octets));
  WireReader header(octets);
  const auto length = header.u32();
  const auto sum = header.u64();
  Block block{static_cast<BlockKind>(header.u8()), {}};
  if (length > most_packed_octets) return failure(damaged());
  TRY(packed, read(length));
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (checksum(packed, blocks_) != sum || size > most_content_octets) return failure(damaged());
  block.content.resize(size);
  if (ZSTD_decompress(block.content.data(), size, packed.data(), packed.size()) != size) return failure(damaged());
  if (block.kind == BlockKind::End && WireReader(block.content).u64() != blocks_) return failure(damaged());
  ++blocks_;
  return block;
}

}  // namespace hikyaku::spool
