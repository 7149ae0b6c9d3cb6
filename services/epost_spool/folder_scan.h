// What lies in E-Post's work folder: which files belong to which message, over incoming, holding and domains. Reads names
// only. A message is a stem, "B" and ten digits, wherever its files stand: a retry moves between the folders, so the same
// stem is the same message.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/disk.h"

namespace hikyaku::epost_spool {

enum class FileKind : std::uint8_t { Message, Envelope, WorkingEnvelope, Copying, Served, Failed, Other };

struct NamedFile {
  std::string stem;  // "B0000123456"
  FileKind kind = FileKind::Other;
};
// ".MSG", ".RCP", ".RCX", and the temporaries, however $CP, $OK and $NG are joined to the stem; names in any case. Other: not
// a file of a message.
[[nodiscard]] NamedFile classify(std::string_view name);

struct StemFiles {
  std::vector<std::string> messages, envelopes, copying, served, failed;  // paths
};
struct FolderScan {
  std::map<std::string, StemFiles> stems;
  std::vector<std::string> retry_data;  // Domain.mri of each domain
  std::vector<std::string> strangers;   // files that belong to nothing known
};

// Not found: there is none of the three folders.
[[nodiscard]] io::DiskResult<FolderScan> scan_work_folder(io::Disk& disk, const std::string& folder);

}  // namespace hikyaku::epost_spool
