// CountriesFile: the database of countries in force, and the file it is read from anew when that is replaced. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "io/file_stamp.h"
#include "services/abuse/countries.h"

namespace hikyaku::abuse {

class CountriesFile {
 public:
  explicit CountriesFile(std::string file) : file_(std::move(file)) {}

  // What a look came to; neither: all is as before, or there is no file.
  struct Look {
    std::shared_ptr<const Countries> opened;
    std::optional<CountriesTrouble> trouble;  // what was in force stays
  };
  // Opens the file when it is another one than at the last look. Blocks; one at a time.
  Look follow();
  // Nothing is in force; the next look opens anew.
  void forget();

  // Empty: unknown, or there is no database.
  [[nodiscard]] std::string country_of(std::string_view address) const;

 private:
  const std::string file_;
  std::optional<io::FileStamp> seen_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Countries> in_force_;
};

}  // namespace hikyaku::abuse
