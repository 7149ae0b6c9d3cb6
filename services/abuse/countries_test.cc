#include "services/abuse/countries.h"

#include <doctest/doctest.h>

#include <fstream>

#include "io/test_folder.h"
#include "services/abuse/countries_file.h"
#include "services/abuse/test_countries.h"

using namespace hikyaku;
using namespace hikyaku::abuse;
using Why = CountriesTrouble::Why;

namespace {

const std::vector<CountryRow> rows = {{"192.0.2.0", 24, "JP"}, {"203.0.113.0", 24, "RU"}, {"2001:db8::", 32, "FR"}, {"198.51.100.0", 24, "europe"}};

}  // namespace

TEST_CASE("countries: of addresses of both kinds") {
  const io::TestFolder folder;
  put_file(folder / "c.mmdb", country_database(rows));
  const auto countries = Countries::open(folder / "c.mmdb");
  REQUIRE(countries);
  struct Row {
    const char *address, *country;
  };
  for (const auto& [address, country] : {Row{"192.0.2.1", "JP"}, Row{"192.0.2.255", "JP"}, Row{"203.0.113.7", "RU"}, Row{"::ffff:203.0.113.7", "RU"}, Row{"2001:db8:1::1", "FR"},
                                         Row{"192.0.3.1", ""}, Row{"2001:db9::1", ""}, Row{"198.51.100.1", ""}, Row{"", ""}, Row{"mail.example", ""}})
    CHECK_MESSAGE((*countries)->of(address) == country, address);
  CHECK((*countries)->type() == "Test-Country");
  CHECK((*countries)->made() == WallTime{std::chrono::seconds{1'795'132'800}});
}

TEST_CASE("countries: what is no database of them is told from one") {
  const io::TestFolder folder;
  const auto whole = country_database(rows);
  struct Row {
    std::string name, octets;
    Why why;
  };
  for (const auto& [name, octets, why] : {Row{"empty", "", Why::NoDatabase}, Row{"text", "<html>Sign in</html>", Why::NoDatabase}, Row{"half", whole.substr(0, whole.size() / 2), Why::NoDatabase},
                                          Row{"no-tree", whole.substr(whole.size() - 200), Why::NoDatabase}, Row{"asn", country_database(rows, "GeoLite2-ASN", "asn"), Why::NoCountries}}) {
    put_file(folder / name, octets);
    const auto countries = Countries::open(folder / name);
    REQUIRE_MESSAGE(!countries, name);
    CHECK_MESSAGE(countries.error().why == why, name);
    CHECK(countries.error().sentence(folder / name).starts_with(folder / name));
  }
  CHECK(Countries::open(folder / "asn").error().words == "GeoLite2-ASN");
  CHECK(Countries::open(folder / "gone").error().sentence("/x.mmdb") == "/x.mmdb cannot be opened: No such file or directory. Remedy: name a file that the user the services run as may read.");
  CHECK(Countries::open(folder.path()).error().words == "Is a directory");
}

TEST_CASE("countries: a flipped octet harms nobody") {
  const io::TestFolder folder;
  const auto whole = country_database(rows);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    std::ofstream(folder / "c.mmdb", std::ios::binary | std::ios::trunc) << damaged;
    if (const auto countries = Countries::open(folder / "c.mmdb"))
      for (const auto* address : {"192.0.2.1", "203.0.113.7", "2001:db8:1::1", "8.8.8.8"}) {
        const auto country = (*countries)->of(address);
        CHECK((country.empty() || country.size() == 2));
      }
  }
}

TEST_CASE("countries: a file that is replaced is read anew, and one that is of no use is not put in its place") {
  const io::TestFolder folder;
  const auto name = folder / "c.mmdb";
  CountriesFile file(name);
  CHECK_FALSE(file.follow().opened);
  CHECK_FALSE(file.follow().trouble);
  put_file(name, country_database(rows));
  CHECK(file.follow().opened);
  CHECK_FALSE(file.follow().opened);
  CHECK(file.country_of("192.0.2.1") == "JP");
  put_file(name, "<html>");
  CHECK(file.follow().trouble);
  CHECK_FALSE(file.follow().trouble);  // once
  CHECK(file.country_of("192.0.2.1") == "JP");
  put_file(name, country_database({{"192.0.2.0", 24, "BR"}}));
  CHECK(file.follow().opened);
  CHECK(file.country_of("192.0.2.1") == "BR");
  file.forget();
  CHECK(file.country_of("192.0.2.1") == "");
  CHECK(file.follow().opened);
}
