#include "services/quarantine/store.h"

#include <algorithm>
#include <tuple>

#include "base/checksum.h"
#include "base/wire.h"
#include "services/quarantine/entry.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::quarantine {
namespace {

using spool::SpoolError, spool::SpoolFailure, spool::SpoolResult, spool::spool_error;

constexpr std::string_view magic = "HKQUAR1\n", full_name = "full";
constexpr std::uint64_t before_head = 8 + 4 + 8, behind_text = 8, read_at_once = 1 << 20;

SpoolError damaged(const std::string& name) { return {SpoolFailure::Damaged, "the quarantined message " + name + " is damaged"}; }

}  // namespace

struct Store::Opened {
  std::unique_ptr<io::File> file;
  Entry entry;
  std::uint64_t text_at = 0, size = 0;
  [[nodiscard]] bool whole() const { return size == text_at + entry.octets + behind_text; }
};

SpoolResult<> Store::write(io::File& file, const Entry& entry, const Source& text) {
  const std::string head = encode(entry);
  WireWriter front;
  front.u32(static_cast<std::uint32_t>(head.size())).u64(checksum(head));
  HIKYAKU_SPOOL_VOID(file.write_at(0, std::string(magic) + front.bytes() + head));
  const std::uint64_t begin = before_head + head.size();
  std::uint64_t at = begin;
  StreamingChecksum sum;
  sum.start();
  TRY_VOID(text([&](std::string_view piece) -> SpoolResult<> {
    HIKYAKU_SPOOL_VOID(file.write_at(at, piece));
    sum.add(piece);
    at += piece.size();
    return {};
  }));
  if (at - begin != entry.octets) return failure(SpoolError{SpoolFailure::Broken, "the text has another size than was said"});
  WireWriter back;
  back.u64(sum.value());
  HIKYAKU_SPOOL_VOID(file.write_at(at, back.bytes()));
  if (const auto flushed = file.flush(); !flushed) return failure(SpoolError{SpoolFailure::FlushFailed, flushed.error().what});
  HIKYAKU_SPOOL_VOID(disk_.sync_folder(folder_ + "/drop"));
  return {};
}

SpoolResult<Deposit> Store::deposit(const Entry& entry, const Source& text) {
  if (disk_.info(path(std::string(full_name)))) return failure(SpoolError{SpoolFailure::NoSpace, "the quarantine is full"});
  HIKYAKU_SPOOL_DISK(free, disk_.free_octets(folder_));
  if (free < reserve_octets_ + entry.octets) return failure(SpoolError{SpoolFailure::NoSpace, "the disk is nearly full"});
  HIKYAKU_SPOOL_DISK(file, disk_.open(dropped(entry.envelope.id.text()), io::OpenMode::CreateNew));
  (void)file->try_lock();  // gather() passes over it so long
  auto& made = *file;
  Deposit deposit(std::move(file));  // withdrawn when it cannot be written
  TRY_VOID(write(made, entry, text));
  return deposit;
}

SpoolResult<Store::Opened> Store::open(const std::string& name) { return open_at(path(name), name); }

SpoolResult<Store::Opened> Store::open_at(const std::string& place, const std::string& name) {
  Opened opened;
  HIKYAKU_SPOOL_DISK(file, disk_.open(place, io::OpenMode::Read));
  HIKYAKU_SPOOL_DISK(size, file->size());
  opened.size = size;
  std::string front(before_head, '\0');
  HIKYAKU_SPOOL_DISK(got, file->read_at(0, front));
  if (got < before_head) return opened;  // not whole: nothing was said of it
  WireReader in(std::string_view(front).substr(magic.size()));
  const auto octets = in.u32();
  const auto sum = in.u64();
  if (!front.starts_with(magic) || octets > most_head_octets) return failure(damaged(name));
  std::string head(octets, '\0');
  HIKYAKU_SPOOL_DISK(head_got, file->read_at(before_head, head));
  if (head_got < octets) return opened;
  auto entry = checksum(head) == sum ? decode_entry(head) : std::nullopt;
  if (!entry) return failure(damaged(name));
  opened.entry = *std::move(entry);
  opened.text_at = before_head + octets;
  opened.file = std::move(file);
  return opened;
}

// A name of the main folder is never taken a second time: ids are not.
SpoolResult<> Store::gather() {
  const auto names = disk_.list(folder_ + "/drop");
  if (!names && names.error().kind == io::DiskFailure::NotFound) return {};
  if (!names) return failure(SpoolError{SpoolFailure::Broken, names.error().what});
  bool moved = false;
  for (const auto& name : *names) {
    if (!TraceId::parse(name) || disk_.info(path(name))) continue;
    const auto file = disk_.open(dropped(name), io::OpenMode::ReadWrite);  // a lock needs it
    if (file && !(*file)->try_lock()) continue;  // it is being written
    const auto opened = open_at(dropped(name), name);
    // Its writer did not live to end it.
    if (opened && (opened->text_at == 0 || opened->size < opened->text_at + opened->entry.octets + behind_text)) continue;
    moved = disk_.rename(dropped(name), path(name)).has_value() || moved;  // another one may have been faster
  }
  if (!moved) return {};
  HIKYAKU_SPOOL_VOID(disk_.sync_folder(folder_));
  HIKYAKU_SPOOL_VOID(disk_.sync_folder(folder_ + "/drop"));
  return {};
}

void Store::list_one(const std::string& name, Contents& contents) {
  auto opened = open(name);
  if (!opened && opened.error().kind == SpoolFailure::NotFound) return;  // gone meanwhile
  if (opened && opened->size > 0) contents.octets += opened->size;
  else if (const auto info = disk_.info(path(name))) contents.octets += info->size;
  if (!opened || (opened->text_at != 0 && opened->entry.envelope.id.text() != name)) contents.damaged.push_back(name);
  else if (opened->text_at == 0 || opened->size < opened->text_at + opened->entry.octets + behind_text) contents.incomplete.push_back(name);
  else if (!opened->whole()) contents.damaged.push_back(name);
  else contents.entries.push_back(std::move(opened->entry));
}

SpoolResult<Contents> Store::list() {
  HIKYAKU_SPOOL_DISK(names, disk_.list(folder_));
  Contents contents;
  for (const auto& name : names)
    if (TraceId::parse(name)) list_one(name, contents);
  // What was not taken over yet, or never will be.
  if (const auto waiting = disk_.list(folder_ + "/drop"))
    for (const auto& name : *waiting)
      if (TraceId::parse(name)) contents.incomplete.push_back(name);
  std::ranges::sort(contents.entries, [](const Entry& a, const Entry& b) { return std::tie(a.taken, a.envelope.id) < std::tie(b.taken, b.envelope.id); });
  return contents;
}

SpoolResult<Entry> Store::find(const TraceId& id) {
  TRY(opened, open(id.text()));
  if (opened.text_at == 0 || !opened.whole()) return failure(damaged(id.text()));
  return std::move(opened.entry);
}

SpoolResult<> Store::read(const TraceId& id, const To& to) {
  TRY(opened, open(id.text()));
  if (opened.text_at == 0 || !opened.whole()) return failure(damaged(id.text()));
  StreamingChecksum sum;
  sum.start();
  std::string piece;
  for (std::uint64_t at = 0; at < opened.entry.octets; at += piece.size()) {
    piece.assign(std::min(read_at_once, opened.entry.octets - at), '\0');
    HIKYAKU_SPOOL_DISK(got, opened.file->read_at(opened.text_at + at, piece));
    if (got != piece.size()) return failure(damaged(id.text()));
    sum.add(piece);
    TRY_VOID(to(piece));
  }
  std::string back(behind_text, '\0');
  HIKYAKU_SPOOL_DISK(got, opened.file->read_at(opened.text_at + opened.entry.octets, back));
  WireReader in(back);
  if (got != behind_text || in.u64() != sum.value()) return failure(damaged(id.text()));
  return {};
}

SpoolResult<> Store::remove_file(const std::string& name) {
  const bool in_drop = !disk_.info(path(name)) && disk_.info(dropped(name)).has_value();
  HIKYAKU_SPOOL_VOID(disk_.remove(in_drop ? dropped(name) : path(name)));
  HIKYAKU_SPOOL_VOID(disk_.sync_folder(in_drop ? folder_ + "/drop" : folder_));
  return {};
}

SpoolResult<> Store::say(Room room) {
  const std::string name(full_name);
  const bool is_full = disk_.info(path(name)).has_value();
  if (room == Room::Full && !is_full) HIKYAKU_SPOOL_VOID(io::replace_file(disk_, path(name), "The quarantine has reached [quarantine] size.\n"));
  if (room == Room::Left && is_full) return remove_file(name);
  return {};
}

}  // namespace hikyaku::quarantine
