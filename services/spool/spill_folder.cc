#include "services/spool/spill_folder.h"

#include <algorithm>

namespace hikyaku::spool {

SpoolError spool_error(const io::DiskError& error) {
  switch (error.kind) {
    case io::DiskFailure::NoSpace: return {SpoolFailure::NoSpace, error.what};
    case io::DiskFailure::NotFound: return {SpoolFailure::NotFound, error.what};
    case io::DiskFailure::Busy: return {SpoolFailure::NotOwner, error.what};
    default: return {SpoolFailure::Broken, error.what};
  }
}

std::string blob_name(const TraceId& id) { return "blob-" + id.text(); }

SpillFile::~SpillFile() {
  if (!path_.empty()) (void)disk_.remove(path_);
}

SpoolResult<> SpillFile::append(std::string_view octets) {
  HIKYAKU_SPOOL_VOID(file_->write_at(octets_, octets));
  octets_ += octets.size();
  checksum_.add(octets);
  return {};
}

SpoolResult<> SpillFile::flush() {
  if (auto flushed = file_->flush(); !flushed) return failure(SpoolError{SpoolFailure::FlushFailed, flushed.error().what});
  return {};
}

SpoolResult<std::string> SpillFile::read(std::uint64_t offset, std::uint64_t octets) {
  std::string text(offset >= octets_ ? 0 : std::min(octets, octets_ - offset), '\0');
  HIKYAKU_SPOOL_DISK(got, file_->read_at(offset, text));
  if (got != text.size()) return failure(SpoolError{SpoolFailure::Broken, path_ + ": shorter than it was written"});
  return text;
}

SpoolResult<> SpillFile::append(const SpillFile& other, std::uint64_t offset) {
  constexpr std::uint64_t piece = 256 << 10;
  std::string octets;
  for (std::uint64_t at = offset; at < other.octets_; at += octets.size()) {
    octets.resize(std::min(piece, other.octets_ - at));
    HIKYAKU_SPOOL_DISK(got, other.file_->read_at(at, octets));
    if (got != octets.size()) return failure(SpoolError{SpoolFailure::Broken, other.path_ + ": shorter than it was written"});
    TRY_VOID(append(octets));
  }
  return {};
}

SpoolResult<> SpillFile::become(const std::string& path) {
  HIKYAKU_SPOOL_VOID(disk_.rename(path_, path));
  path_.clear();
  return {};
}

SpoolResult<std::unique_ptr<SpillFile>> SpillFolder::make() {
  const auto path = folder_ + "/spill-" + std::to_string(token_) + "-" + std::to_string(next_++);
  HIKYAKU_SPOOL_DISK(file, disk_.open(path, io::OpenMode::CreateNew));
  return std::make_unique<SpillFile>(disk_, path, std::move(file));
}

SpoolResult<> SpillFolder::expect_room(std::uint64_t octets) const {
  HIKYAKU_SPOOL_DISK(free, disk_.free_octets(folder_));
  if (free < reserve_octets_ || free - reserve_octets_ < octets) return failure(SpoolError{SpoolFailure::NoSpace, folder_ + ": the disk is at its high-water mark"});
  return {};
}

SpoolResult<> SpillFolder::remove_left_over() {
  HIKYAKU_SPOOL_DISK(names, disk_.list(folder_));
  for (const auto& name : names)
    if (name.starts_with("spill-")) HIKYAKU_SPOOL_VOID(disk_.remove(folder_ + "/" + name));
  return {};
}

SpoolResult<std::string> read_blob(io::Disk& disk, const std::string& path, const TextSum& sum, std::uint64_t offset,
                                   std::uint64_t octets) {
  auto file = disk.open(path, io::OpenMode::Read);
  if (!file && file.error().kind == io::DiskFailure::NotFound) return failure(SpoolError{SpoolFailure::Gone, file.error().what});
  if (!file) return failure(spool_error(file.error()));
  HIKYAKU_SPOOL_DISK(size, (*file)->size());
  std::string text(offset >= size ? 0 : std::min(octets, size - offset), '\0');
  HIKYAKU_SPOOL_DISK(got, (*file)->read_at(offset, text));
  text.resize(got);
  if (size != sum.octets || (offset == 0 && got == sum.octets && sum.value && checksum(text, sum.seed) != *sum.value))
    return failure(SpoolError{SpoolFailure::Damaged, path + " is damaged"});
  return text;
}

}  // namespace hikyaku::spool
