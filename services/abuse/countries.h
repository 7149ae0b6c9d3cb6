// Countries: in which country an address is used, by a database in MaxMind's format that the operator provides (GeoLite2-Country, DB-IP lite, any
// whose records have country/iso_code). It is mapped into memory: the file may be replaced while it is open, and must not be written over.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

struct MMDB_s;

namespace hikyaku::abuse {

// Why a file cannot be used.
struct CountriesTrouble {
  enum class Why : std::uint8_t { CannotBeOpened, NoDatabase, NoCountries } why = Why::CannotBeOpened;
  std::string words;  // the system's or the library's; NoCountries: what the database says it is

  // "FILE cannot be opened: Permission denied.", and what to do about it. English.
  [[nodiscard]] std::string what(std::string_view file) const;
  [[nodiscard]] std::string_view remedy() const;
  [[nodiscard]] std::string sentence(std::string_view file) const { return what(file) + " Remedy: " + std::string(remedy()); }
};

class Countries {
 public:
  // What can be told of a file before it is opened; nothing: it is one.
  [[nodiscard]] static std::optional<CountriesTrouble> trouble_with(const std::string& file);
  // Blocks until the whole file is in memory, and looks through it until a country is found.
  [[nodiscard]] static Result<std::unique_ptr<const Countries>, CountriesTrouble> open(const std::string& file);
  ~Countries();
  Countries(const Countries&) = delete;
  Countries& operator=(const Countries&) = delete;

  // "JP"; empty: the database does not know, or it is no address. No I/O, about a microsecond; thread-safe.
  [[nodiscard]] std::string of(std::string_view address) const;
  // "GeoLite2-Country", and when it was made.
  [[nodiscard]] std::string type() const;
  [[nodiscard]] WallTime made() const;

 private:
  explicit Countries(std::unique_ptr<MMDB_s> database);
  std::unique_ptr<MMDB_s> database_;  // open
};

}  // namespace hikyaku::abuse
