// CountriesCopy: the database of [abuse] country_database as `auth` sees it, for the reason of hosts_copy.h, and because what is written over while it is
// mapped would end `auth`. The supervisor copies the file into `run` when it changes, a piece at each look (it has commands to
// answer), and puts the copy in the place of the former one when it can be used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "io/disk.h"
#include "io/file_stamp.h"

namespace hikyaku::apps {

class CountriesCopy {
 public:
  static constexpr std::uint64_t most_octets = 1ULL << 30;

  CountriesCopy(io::Disk& disk, std::string data_folder);
  // `database`: as the settings name it now; empty: there is to be no copy. What is wrong with the file, in one sentence and once; the copy stays as it was.
  // Blocks for the time of some megabytes, once for each new file until it is on the disk.
  [[nodiscard]] std::string follow(const std::string& database, Instant now);

 private:
  struct Copying {
    io::FileStamp stamp;
    std::unique_ptr<io::File> from, to;
    std::uint64_t done = 0;
  };
  [[nodiscard]] bool is_copied(const io::FileStamp& stamp) const;
  [[nodiscard]] std::string look();
  [[nodiscard]] std::string begin(const io::FileStamp& stamp);
  [[nodiscard]] std::string carry_on();
  [[nodiscard]] std::string finish();

  io::Disk& disk_;
  const std::string to_, fresh_;  // `fresh_`: the copy that is being made
  std::optional<std::string> from_;
  std::optional<Copying> copying_;
  std::optional<io::FileStamp> judged_;  // the file that was copied, or found to be of no use
  std::string told_;
  Instant again_{};  // after trouble
};

}  // namespace hikyaku::apps
