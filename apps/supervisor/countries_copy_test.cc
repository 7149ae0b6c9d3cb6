#include "apps/supervisor/countries_copy.h"

#include <doctest/doctest.h>

#include <fstream>

#include "apps/service/data_folders.h"
#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "services/abuse/test_countries.h"

using namespace hikyaku;
using namespace hikyaku::apps;
using abuse::country_database, abuse::put_file;

namespace {

struct CopyRig {
  io::TestFolder folder;
  io::PosixDisk disk;
  CountriesCopy copy{disk, folder.path()};
  Instant now = SystemClock{}.now();
  const std::string database = folder / "GeoLite2-Country.mmdb", copied = folder::in(folder.path(), folder::countries);

  CopyRig() { REQUIRE(disk.make_folder(folder / "run")); }
  // Looks so many times, the usual second apart. All that was told.
  std::string look(const std::string& named, int times = 12) {
    std::string told;
    for (int i = 0; i < times; ++i, now += 1s) told += copy.follow(named, now);
    return told;
  }
  std::string text() {
    const auto read = io::read_file(disk, copied);
    return read ? *read : "none";
  }
};

}  // namespace

TEST_CASE("countries copy: a file that is replaced is copied, at once and only then") {
  CopyRig rig;
  const auto first = country_database({{"192.0.2.0", 24, "JP"}}), second = country_database({{"192.0.2.0", 24, "BR"}, {"203.0.113.0", 24, "RU"}});
  put_file(rig.database, first);
  CHECK(rig.look(rig.database, 1) == "");
  CHECK(rig.text() == first);
  REQUIRE(rig.disk.remove(rig.copied));
  CHECK(rig.look(rig.database) == "");
  CHECK(rig.text() == "none");
  std::ofstream(rig.database, std::ios::binary | std::ios::trunc) << second;  // in place
  CHECK(rig.look(rig.database, 1) == "");
  CHECK(rig.text() == second);
}

TEST_CASE("countries copy: a large file is copied over several looks") {
  CopyRig rig;
  // MaxMind's metadata are at the end of the file; what comes before the last of them may be anything.
  const auto small = country_database({{"192.0.2.0", 24, "JP"}});
  const auto end = small.find("\xab\xcd\xefMaxMind.com");
  const auto large = small.substr(0, end) + std::string(9 << 20, '\0') + small.substr(end);
  put_file(rig.database, large);
  CHECK(rig.look(rig.database, 2) == "");
  CHECK(rig.text() == "none");
  CHECK(rig.look(rig.database, 1) == "");
  CHECK((rig.text() == large));
}

TEST_CASE("countries copy: what cannot be used leaves the former copy, and is told once") {
  CopyRig rig;
  const auto good = country_database({{"192.0.2.0", 24, "JP"}});
  put_file(rig.database, good);
  CHECK(rig.look(rig.database) == "");
  put_file(rig.database, good.substr(0, good.size() / 2));
  CHECK(rig.look(rig.database).starts_with(rig.database + " is no database in MaxMind's format, or not all of one: "));
  CHECK(rig.look(rig.database, 60) == "");
  CHECK(rig.text() == good);
  REQUIRE(rig.disk.remove(rig.database));
  CHECK(rig.look(rig.database, 60) == rig.database + " cannot be opened: No such file or directory. Remedy: name a file that the user the services run as may read.");
  CHECK(rig.look(rig.folder / "run").find("Is a directory") != std::string::npos);
  CHECK(rig.text() == good);
  CHECK(std::ifstream(rig.copied + ".new").fail());
  rig.now += 1min;
  const auto next = country_database({{"192.0.2.0", 24, "BR"}});
  put_file(rig.database, next);
  CHECK(rig.look(rig.database) == "");
  CHECK(rig.text() == next);
}

TEST_CASE("countries copy: the next life copies nothing anew") {
  CopyRig rig;
  put_file(rig.database, country_database({{"192.0.2.0", 24, "JP"}}));
  CHECK(rig.look(rig.database) == "");
  const auto before = io::stamp_of_file(rig.copied);
  CountriesCopy next(rig.disk, rig.folder.path());
  CHECK(next.follow(rig.database, rig.now) == "");
  CHECK(io::stamp_of_file(rig.copied) == before);
  put_file(rig.database, country_database({{"192.0.2.0", 24, "BR"}, {"203.0.113.0", 24, "RU"}}));
  CHECK(next.follow(rig.database, rig.now) == "");
  CHECK_FALSE(io::stamp_of_file(rig.copied) == before);
}

TEST_CASE("countries copy: without the setting there is none") {
  CopyRig rig;
  put_file(rig.copied, country_database({{"192.0.2.0", 24, "JP"}}));  // of a former life
  CHECK(rig.look("", 1) == "");
  CHECK(rig.text() == "none");
}
