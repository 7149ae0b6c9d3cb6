#include "services/virusdb/updater.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "io/test_folder.h"

using namespace hikyaku;
using namespace hikyaku::virusdb;
namespace fs = std::filesystem;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A scanner of the test's own: finds in "infected" when the patterns say eicar, in "clean" when they say all, and cannot read "broken".
constexpr const char* scanner = R"(#!/bin/sh
folder=${1#--database=}
grep -q broken "$folder"/*.ndb && { echo "ERROR: Malformed database"; exit 2; }
grep -q slow "$folder"/*.ndb && sleep 60
for file in "$5" "$6"; do
  if grep -q all "$folder"/*.ndb; then echo "$file: All FOUND"
  elif [ "${file##*/}" = infected ] && grep -q eicar "$folder"/*.ndb; then echo "$file: Eicar FOUND"
  else echo "$file: OK"; fi
done
exit 1
)";

struct World {
  io::TestFolder folder;
  UpdaterOptions options;
  int now = 1'000;
  World() {
    fs::create_directories(folder / "source");
    options.folder = folder / "virusdb", options.source_folder = folder / "source", options.clamscan = folder / "scanner";
    std::ofstream(options.clamscan) << scanner;
    ::chmod(options.clamscan.c_str(), 0755);
  }
  void offer(const std::string& text, const std::string& name = "a.ndb") const { std::ofstream(folder / ("source/" + name)) << text; }
  Updater::Outcome update(Force force = Force::No) { return Updater(options).update(WallTime{std::chrono::seconds{++now}}, force); }
  Updater::Outcome roll_back(std::optional<std::uint64_t> to = {}) { return Updater(options).roll_back(WallTime{std::chrono::seconds{++now}}, to); }
  [[nodiscard]] std::string in_force() const { return content(folder / "virusdb/active/a.ndb"); }
};

}  // namespace

TEST_CASE("virusdb: good patterns come into force, once") {
  World world;
  world.offer("eicar 1");
  const auto first = world.update();
  REQUIRE(first);
  REQUIRE(*first);
  CHECK((*first)->kind == Kind::Updated);
  CHECK((*first)->generation == 1);
  CHECK(world.in_force() == "eicar 1");
  CHECK_FALSE(*world.update());
  world.offer("eicar 2");
  CHECK((*world.update())->generation == 2);
  const auto status = Updater(world.options).status();
  REQUIRE(status);
  CHECK(status->generation == 2);
  CHECK(status->patterns.names() == "a.ndb");
  CHECK(status->history.size() == 2);
  CHECK(status->checked == WallTime{std::chrono::seconds{1'003}});
}

TEST_CASE("virusdb: bad patterns never come into force, and are told of once") {
  World world;
  world.offer("eicar and something to compare the size with");
  REQUIRE((*world.update())->kind == Kind::Updated);
  const auto good = world.in_force();
  struct Row {
    const char *text, *why;
  };
  for (const auto& row : {Row{"broken eicar, as long as the one before it was", "clamscan cannot use"}, Row{"nothing that is needed, as long as the one before", "EICAR"},
                          Row{"eicar and all of it, as long as the one before", "ordinary mail"}, Row{"eicar", "shrunk"}, Row{"", "is empty"}}) {
    CAPTURE(row.text);
    world.offer(row.text);
    const auto refused = world.update();
    REQUIRE(refused);
    REQUIRE(*refused);
    CHECK((*refused)->kind == Kind::Refused);
    CHECK((*refused)->why.find(row.why) != std::string::npos);
    CHECK(world.in_force() == good);
    CHECK_FALSE(*world.update());
  }
  // Force overrules what is only suspicious.
  world.offer("broken eicar, as long as the one before it was");
  CHECK((*world.update(Force::Yes))->kind == Kind::Refused);
  world.offer("eicar");
  CHECK((*world.update(Force::Yes))->kind == Kind::Updated);
  CHECK(world.in_force() == "eicar");
}

TEST_CASE("virusdb: our own trouble is told as such, and the same patterns are tried again") {
  World world;
  world.offer("eicar 1");
  REQUIRE((*world.update())->kind == Kind::Updated);
  world.offer("eicar slow");
  world.options.test_limit = 200ms;
  CHECK((*world.update())->kind == Kind::Failed);
  CHECK((*world.update())->kind == Kind::Failed);
  world.options.clamscan = world.folder / "nobody";
  CHECK((*world.update())->why.find("nobody") != std::string::npos);
  world.options.source_folder = world.folder / "gone";
  CHECK((*world.update())->kind == Kind::Failed);
  world.options.source_folder.clear(), world.options.freshclam = "/bin/false";
  CHECK((*world.update())->why.find("freshclam ended with status 1") != std::string::npos);
  CHECK(world.in_force() == "eicar 1");
}

TEST_CASE("virusdb: rolling back holds, and needs patterns that pass") {
  World world;
  CHECK_FALSE(world.roll_back());
  for (const char* text : {"eicar 1", "eicar 2", "eicar 3"}) {
    world.offer(text);
    REQUIRE((*world.update())->kind == Kind::Updated);
  }
  REQUIRE(world.roll_back());
  CHECK(world.in_force() == "eicar 2");
  CHECK_FALSE(*world.update());  // the third is what was left
  CHECK_FALSE(world.roll_back(2));
  CHECK_FALSE(world.roll_back(9));
  REQUIRE(world.roll_back(1));
  CHECK(world.in_force() == "eicar 1");
  std::ofstream(world.folder / "virusdb/generations/2/a.ndb") << "broken";
  CHECK(world.roll_back(2).error().find("fails its test") != std::string::npos);
  CHECK(world.in_force() == "eicar 1");
  world.offer("eicar 4");
  CHECK((*world.update())->kind == Kind::Updated);
}

TEST_CASE("virusdb: earlier sets are kept, but not for ever") {
  World world;
  world.options.keep = 2;
  for (int n = 1; n <= 6; ++n) {
    world.offer("eicar " + std::to_string(n));
    REQUIRE((*world.update())->kind == Kind::Updated);
  }
  CHECK(Updater(world.options).status()->generations == std::vector<std::uint64_t>{4, 5, 6});
}

TEST_CASE("virusdb: an older version of ClamAV's own patterns is refused") {
  const auto head = [](const std::string& version) {
    std::string text = "ClamAV-VDB:d:" + version + ":2:90:m:s:b:1795338000";
    return text + std::string(512 - text.size(), ' ') + "content " + version;
  };
  World world;
  world.offer("eicar");
  world.offer(head("27000"), "daily.cvd");
  const auto first = world.update();
  CHECK((*first)->names == "a.ndb, daily 27000");
  CHECK((*first)->built == WallTime{std::chrono::seconds{1'795'338'000}});
  world.offer(head("26999"), "daily.cvd");
  CHECK((*world.update())->why.find("26999") != std::string::npos);
  world.offer("ClamAV-VDB:cut", "daily.cvd");
  CHECK((*world.update())->why.find("no head") != std::string::npos);
  std::filesystem::remove(world.folder / "source/daily.cvd");
  CHECK((*world.update())->why.find("daily.cvd is missing") != std::string::npos);
  world.offer(head("27001"), "daily.cvd");
  CHECK((*world.update())->kind == Kind::Updated);
}

TEST_CASE("virusdb: which names are patterns") {
  for (const char* name : {"daily.cvd", "main.CLD", "x.ndb", "x.y.hdb", "allow.ign2"}) CHECK_MESSAGE(is_pattern_file(name), name);
  for (const char* name : {"", "cvd", ".ndb", "freshclam.dat", "mirrors.dat", "daily.cvd.tmp", "x.txt"}) CHECK_MESSAGE(!is_pattern_file(name), name);
}
