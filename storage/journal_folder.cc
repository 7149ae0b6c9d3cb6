#include "storage/journal_folder.h"

#include "base/cursor.h"

namespace hikyaku::storage {
namespace {
constexpr std::string_view slot_prefix = "segment-";
constexpr std::string_view unfinished_suffix = ".new";

std::optional<std::uint32_t> slot_of(std::string_view name) {
  if (!name.starts_with(slot_prefix)) return std::nullopt;
  Cursor in(name.substr(slot_prefix.size()));
  const auto number = parse_number(in, UINT32_MAX);
  if (!number || !in.at_end()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::string_view parent(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Makes a missing folder and those above it. Every name is synced even when it was there: its maker may have died before.
io::DiskResult<> make_durable_folder(io::Disk& disk, std::string_view path) {
  const auto above = parent(path);
  if (above != "." && above != "/") TRY_VOID(make_durable_folder(disk, above));
  const bool there = disk.info(path).has_value();
  if (!there) TRY_VOID(disk.make_folder(path));
  auto synced = disk.sync_folder(above);
  // A confined service may not open what is above its own folder; whoever made that folder synced it.
  if (!synced && there && synced.error().kind == io::DiskFailure::NoPermission) return {};
  return synced;
}
}  // namespace

JournalError journal_error(const io::DiskError& error) {
  switch (error.kind) {
    case io::DiskFailure::NoSpace: return {JournalFailure::NoSpace, error.what};
    case io::DiskFailure::Busy: return {JournalFailure::NotOwner, error.what};
    default: return {JournalFailure::Broken, error.what};
  }
}

std::optional<std::uint32_t> SegmentTable::settled_end(std::uint64_t number) const {
  const auto at = segments.find(number);
  if (at == segments.end()) return std::nullopt;
  if (at->second.footer) return at->second.footer->end;
  const auto next = std::next(at);
  if (next == segments.end() || next->second.header.previous > number) return std::nullopt;
  return next->second.header.previous == number ? next->second.header.previous_end : block_octets;
}

std::string JournalFolder::slot_file(std::uint32_t slot) const {
  auto digits = std::to_string(slot);
  return file(std::string(slot_prefix) + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits);
}

JournalResult<> JournalFolder::make() const {
  // Written when all this had been done once: an owner that only looks waits for no disk.
  if (disk_.info(file("fencing"))) return {};
  HIKYAKU_TRY_DISK_VOID(make_durable_folder(disk_, path_));
  HIKYAKU_TRY_DISK_VOID(disk_.sync_folder(path_));
  return {};
}

JournalResult<SegmentTable> JournalFolder::read_table() const {
  SegmentTable table;
  auto names = disk_.list(path_);
  if (!names && names.error().kind == io::DiskFailure::NotFound) return table;
  if (!names) return failure(journal_error(names.error()));
  std::string block(512, '\0');
  for (const auto& name : *names) {
    const auto slot = slot_of(name);
    if (!slot) continue;
    table.highest_slot = std::max(table.highest_slot, *slot);
    auto opened = disk_.open(file(name), io::OpenMode::Read);
    if (!opened && opened.error().kind == io::DiskFailure::NotFound) continue;  // the pool shrank meanwhile
    if (!opened) return failure(journal_error(opened.error()));
    HIKYAKU_TRY_DISK(got, (*opened)->read_at(0, block));
    const auto header = parse_segment_header(std::string_view(block).substr(0, got));
    if (!header) {
      table.blank_slots.push_back(*slot);
      continue;
    }
    HIKYAKU_TRY_DISK(end, (*opened)->read_at(header->segment_octets - block_octets, block));
    table.segments[header->number] = {*slot, *header,
                                      parse_segment_footer(std::string_view(block).substr(0, end), *header)};
  }
  return table;
}

JournalResult<std::optional<PublishedPosition>> JournalFolder::read_position() const {
  auto opened = disk_.open(file("position"), io::OpenMode::Read);
  if (!opened && opened.error().kind == io::DiskFailure::NotFound) return std::nullopt;
  if (!opened) return failure(journal_error(opened.error()));
  char octets[64];
  HIKYAKU_TRY_DISK(got, (*opened)->read_at(0, octets));
  return parse_position({octets, got});
}

JournalResult<ReleasedSegments> JournalFolder::read_released() const {
  auto octets = io::read_file(disk_, file("released"));
  if (!octets && octets.error().kind == io::DiskFailure::NotFound) return ReleasedSegments{};
  if (!octets) return failure(journal_error(octets.error()));
  auto released = parse_released(*octets);
  if (!released) return failure(JournalError{JournalFailure::Damaged, file("released") + " is damaged"});
  return *std::move(released);
}

JournalResult<> JournalFolder::write_released(const ReleasedSegments& released) const {
  HIKYAKU_TRY_DISK_VOID(io::replace_file(disk_, file("released"), encode(released)));
  return {};
}

JournalResult<> JournalFolder::remove_unfinished() const {
  HIKYAKU_TRY_DISK(names, disk_.list(path_));
  for (const auto& name : names)
    if (name.starts_with(slot_prefix) && name.ends_with(unfinished_suffix))
      HIKYAKU_TRY_DISK_VOID(disk_.remove(file(name)));
  return {};
}

}  // namespace hikyaku::storage
