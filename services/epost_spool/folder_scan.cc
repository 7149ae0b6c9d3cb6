#include "services/epost_spool/folder_scan.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::epost_spool {
namespace {

constexpr std::size_t stem_octets = 11;

void add_file(FolderScan& scan, const std::string& path, std::string_view name) {
  const auto named = classify(name);
  if (named.kind == FileKind::Other) {
    if (equal_ignoring_case(name, "Domain.mri")) scan.retry_data.push_back(path);
    else scan.strangers.push_back(path);
    return;
  }
  auto& stem = scan.stems[named.stem];
  switch (named.kind) {
    case FileKind::Message: stem.messages.push_back(path); break;
    case FileKind::Envelope:
    case FileKind::WorkingEnvelope: stem.envelopes.push_back(path); break;
    case FileKind::Copying: stem.copying.push_back(path); break;
    case FileKind::Served: stem.served.push_back(path); break;
    case FileKind::Failed: stem.failed.push_back(path); break;
    case FileKind::Other: break;
  }
}

enum class Depth : std::uint8_t { Flat, WithFolders };

io::DiskResult<> scan_folder(io::Disk& disk, const std::string& folder, Depth depth, FolderScan& scan) {
  TRY(names, disk.list(folder));
  for (const auto& name : names) {
    const std::string path = folder + "/" + name;
    TRY(info, disk.info(path));
    if (!info.is_folder) add_file(scan, path, name);
    else if (depth == Depth::WithFolders) TRY_VOID(scan_folder(disk, path, Depth::Flat, scan));
    else scan.strangers.push_back(path);
  }
  return {};
}

}  // namespace

NamedFile classify(std::string_view name) {
  if (name.size() <= stem_octets || ascii_upper(name[0]) != 'B') return {};
  if (!std::ranges::all_of(name.substr(1, stem_octets - 1), is_digit)) return {};
  const auto rest = ascii_upper(name.substr(stem_octets));
  const auto kind = [&] {
    if (rest == ".MSG") return FileKind::Message;
    if (rest == ".RCP") return FileKind::Envelope;
    if (rest == ".RCX") return FileKind::WorkingEnvelope;
    if (rest.contains("$CP")) return FileKind::Copying;
    if (rest.contains("$OK")) return FileKind::Served;
    if (rest.contains("$NG")) return FileKind::Failed;
    return FileKind::Other;
  }();
  if (kind == FileKind::Other) return {};
  return {ascii_upper(name.substr(0, stem_octets)), kind};
}

io::DiskResult<FolderScan> scan_work_folder(io::Disk& disk, const std::string& folder) {
  FolderScan scan;
  bool any = false;
  TRY(names, disk.list(folder));
  for (const auto& name : names) {
    const auto lower = ascii_lower(name);
    if (lower != "incoming" && lower != "holding" && lower != "domains") continue;
    any = true;
    TRY_VOID(scan_folder(disk, folder + "/" + name, lower == "domains" ? Depth::WithFolders : Depth::Flat, scan));
  }
  if (!any) return failure(io::DiskError{io::DiskFailure::NotFound, folder + " has none of incoming, holding and domains"});
  return scan;
}

}  // namespace hikyaku::epost_spool
