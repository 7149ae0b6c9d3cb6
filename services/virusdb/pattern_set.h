// The pattern files of one folder: which they are, how old, and what tells two sets apart. Blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace hikyaku::virusdb {

struct PatternFile {
  std::string name;            // "daily.cld", "local.ndb"
  std::uint64_t octets = 0;
  std::uint64_t version = 0;   // of ClamAV's own; 0: it has none
  WallTime built{};            // of others: when the file was written
};

struct PatternSet {
  std::vector<PatternFile> files;  // by name
  std::uint64_t fingerprint = 0;   // of names and content; 0: no files
  std::uint64_t octets = 0;
  WallTime built{};                // the newest of ClamAV's own; of the others where there are none
  [[nodiscard]] std::string names() const;  // "daily 27832, main 62, local.ndb"
};

// Whether ClamAV would read a file of that name as patterns.
[[nodiscard]] bool is_pattern_file(std::string_view name);
// Reads all of it. The error is one sentence. At most 200 files of 8 GiB together.
[[nodiscard]] Result<PatternSet, std::string> read_patterns(const std::string& folder);
// Copies the pattern files, with their times. `to` exists.
[[nodiscard]] Result<void, std::string> copy_patterns(const std::string& from, const std::string& to);
// On stable storage: each file, then the folder.
[[nodiscard]] Result<void, std::string> flush_folder(const std::string& folder);

// Why the new set may not take the place of the old one, without a look inside: an older version, an empty file, or much less than
// before. Empty: nothing is against it.
[[nodiscard]] std::string objection_to(const PatternSet& fresh, const PatternSet& old);

}  // namespace hikyaku::virusdb
