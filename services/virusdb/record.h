// What happened to the virus patterns: one line of `virusdb/history` an event, the newest last. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace hikyaku::virusdb {

enum class Kind : std::uint8_t {
  Updated,     // new patterns are in force
  Refused,     // new patterns failed their test
  Failed,      // they could not be had: source, disk, program
  RolledBack,  // earlier ones are in force again
};
[[nodiscard]] std::string_view kind_name(Kind kind);

struct Record {
  WallTime at{};
  Kind kind = Kind::Failed;
  std::uint64_t generation = 0;   // that it was about; 0: none came to be
  std::uint64_t fingerprint = 0;  // of the patterns
  WallTime built{};               // the newest of them
  std::string names;              // "daily 27832, main 62"
  std::string why;                // Refused, Failed: one sentence; else what is to be known besides
};
[[nodiscard]] std::string line_of(const Record& record);  // with its line end
// What is no record is left out.
[[nodiscard]] std::vector<Record> parse_records(std::string_view text);

// The newest record that put patterns in force.
[[nodiscard]] const Record* in_force(const std::vector<Record>& records);
// Whether these patterns were refused, or taken out of force by hand, since they were last put in force.
[[nodiscard]] bool is_rejected(const std::vector<Record>& records, std::uint64_t fingerprint);

}  // namespace hikyaku::virusdb
