#include "services/abuse/countries.h"

#include <maxminddb.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "io/socket_address.h"
#include "io/system_error.h"
#include "services/abuse/country_code.h"

namespace hikyaku::abuse {
namespace {

constexpr int most_nodes_looked_at = 200'000;  // a database of countries has one among its first hundreds

std::string code_of(MMDB_entry_s entry) {
  MMDB_entry_data_s found{};
  if (MMDB_get_value(&entry, &found, "country", "iso_code", nullptr) != MMDB_SUCCESS || !found.has_data || found.type != MMDB_DATA_TYPE_UTF8_STRING) return {};
  const std::string_view code(found.utf8_string, found.data_size);
  return is_country_code(code) ? std::string(code) : std::string{};
}

// A database of something else opens as well as one of countries.
bool tells_countries(const MMDB_s& database) {
  std::vector<std::uint64_t> nodes{0};
  for (int looked = 0; looked < most_nodes_looked_at && !nodes.empty(); ++looked) {
    MMDB_search_node_s node{};
    const auto number = nodes.back();
    nodes.pop_back();
    if (MMDB_read_node(&database, static_cast<std::uint32_t>(number), &node) != MMDB_SUCCESS) return false;
    for (auto [type, next, entry] : {std::tuple(node.right_record_type, node.right_record, node.right_record_entry), std::tuple(node.left_record_type, node.left_record, node.left_record_entry)}) {
      if (type == MMDB_RECORD_TYPE_SEARCH_NODE) nodes.push_back(next);
      else if (type == MMDB_RECORD_TYPE_DATA && !code_of(entry).empty()) return true;
    }
  }
  return false;
}

}  // namespace

std::string CountriesTrouble::what(std::string_view file) const {
  const std::string name(file);
  switch (why) {
    case Why::CannotBeOpened: return name + " cannot be opened: " + words + ".";
    case Why::NoDatabase: return name + " is no database in MaxMind's format, or not all of one: " + words + ".";
    case Why::NoCountries: return name + " has no countries, it is of the type " + words + ".";
  }
  return name;
}

std::string_view CountriesTrouble::remedy() const {
  switch (why) {
    case Why::CannotBeOpened: return "name a file that the user the services run as may read.";
    case Why::NoDatabase: return "fetch it again, and unpack it.";
    case Why::NoCountries: return "take one such as GeoLite2-Country.mmdb.";
  }
  return {};
}

std::optional<CountriesTrouble> Countries::trouble_with(const std::string& file) {
  using Why = CountriesTrouble::Why;
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return CountriesTrouble{Why::CannotBeOpened, io::words_of_errno(errno)};
  if (S_ISREG(found.st_mode)) return std::nullopt;
  return CountriesTrouble{Why::CannotBeOpened, io::words_of_errno(S_ISDIR(found.st_mode) ? EISDIR : EINVAL)};
}

Result<std::unique_ptr<const Countries>, CountriesTrouble> Countries::open(const std::string& file) {
  using Why = CountriesTrouble::Why;
  if (auto trouble = trouble_with(file)) return failure(*std::move(trouble));
  auto database = std::make_unique<MMDB_s>();
  if (const int opened = MMDB_open(file.c_str(), MMDB_MODE_MMAP, database.get()); opened != MMDB_SUCCESS) {
    const int error = errno;
    // An empty file cannot be mapped.
    if ((opened == MMDB_FILE_OPEN_ERROR || opened == MMDB_IO_ERROR) && error != EINVAL) return failure(CountriesTrouble{Why::CannotBeOpened, io::words_of_errno(error)});
    return failure(CountriesTrouble{Why::NoDatabase, MMDB_strerror(opened)});
  }
  // Who looks an address up does so on an event loop, which no disk may keep waiting. A kernel before 5.14 reads as it goes.
  (void)::madvise(const_cast<std::uint8_t*>(database->file_content), static_cast<std::size_t>(database->file_size), MADV_POPULATE_READ);
  std::unique_ptr<const Countries> countries(new Countries(std::move(database)));
  if (!tells_countries(*countries->database_)) return failure(CountriesTrouble{Why::NoCountries, countries->type()});
  return countries;
}

Countries::Countries(std::unique_ptr<MMDB_s> database) : database_(std::move(database)) {}
Countries::~Countries() { MMDB_close(database_.get()); }

std::string Countries::of(std::string_view address) const {
  const auto ip = io::IpAddress::parse(address);
  if (!ip) return {};
  sockaddr_storage storage{};
  (void)io::SocketAddress(*ip, 0).to_system(storage);
  int error = MMDB_SUCCESS;
  const auto found = MMDB_lookup_sockaddr(database_.get(), reinterpret_cast<const sockaddr*>(&storage), &error);
  return error == MMDB_SUCCESS && found.found_entry ? code_of(found.entry) : std::string{};
}

std::string Countries::type() const { return database_->metadata.database_type == nullptr ? std::string{} : database_->metadata.database_type; }

WallTime Countries::made() const {
  constexpr std::uint64_t last_second = 253'402'300'799;  // of the year 9999
  return WallTime{std::chrono::seconds{std::min(database_->metadata.build_epoch, last_second)}};
}

}  // namespace hikyaku::abuse
