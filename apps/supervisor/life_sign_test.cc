#include "apps/supervisor/life_sign.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>

#include "io/posix_disk.h"

namespace hikyaku::apps {
namespace {

constexpr WallTime at(std::int64_t seconds) { return WallTime{std::chrono::seconds{1'796'000'000 + seconds}}; }
const LifeSign running{.heard = at(5), .pid = 4711, .boot = "b1", .ends = {{UnsaidEnd::Of::ControlProcess, 12, at(1), at(2), "signal 9 (Killed)"}}};

TEST_CASE("a sign is read back as it was written; damaged lines are passed over") {
  CHECK(parse_life(life_text(running)) == running);
  for (const auto* text : {"", "\n", "heard", "heard yesterday x y\n", "ended\n", "ended server\n", "ended nobody 1 2026-11-30T09:53:20.000007+09:00 2026-11-30T09:53:20.000007+09:00 x\n",
                           "ended server 1 2026-11-30T09:53:20.000007+09:00\n", "\xff\xfe"})
    CHECK_MESSAGE(parse_life(text).ends.empty(), text);
  CHECK(parse_life("garbage\n" + life_text(running) + "garbage").ends == running.ends);
  const LifeSign odd{.heard = at(1), .pid = 1, .boot = "", .ends = {{UnsaidEnd::Of::Server, 1, at(0), at(1), "two\nlines"}}};
  CHECK(parse_life(life_text(odd)).ends.front().how == "two lines");
}

TEST_CASE("who left a sign ended without saying so; who left none did not") {
  CHECK(succeed(std::nullopt, std::nullopt, 7, "b1", at(9)).ends.empty());
  const auto killed = succeed(running, std::nullopt, 7, "b1", at(9));
  REQUIRE(killed.ends.size() == 2);
  CHECK(killed.ends.back() == UnsaidEnd{UnsaidEnd::Of::Server, 4711, at(5), at(9), ""});
  CHECK(succeed(running, std::nullopt, 7, "b2", at(9)).ends.back().how == "the machine was started anew");
  const UnsaidEnd seen{UnsaidEnd::Of::ControlProcess, 13, at(8), at(9), "signal 11 (Segmentation fault)"};
  const auto control = succeed(running, seen, 4711, "b1", at(9));
  REQUIRE(control.ends.size() == 2);
  CHECK(control.ends.back() == seen);
  LifeSign life = running;
  for (int n = 0; n < 20; ++n) life = succeed(life, std::nullopt, n, "b1", at(n));
  CHECK(life.ends.size() == LifeSign::most_ends);
  CHECK(life.ends.back().until == at(19));
}

TEST_CASE("the file: begun, kept alive in place, gone after an end in order") {
  io::PosixDisk disk;
  char folder[] = "/tmp/life-sign-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  LifeFile file(disk, std::string(folder) + "/alive");
  CHECK_FALSE(file.left());
  file.still_alive(at(1));
  CHECK_FALSE(file.left());
  REQUIRE(file.begin(running));
  file.still_alive(at(100));
  auto expected = running;
  expected.heard = at(100);
  REQUIRE(file.left());
  CHECK(*file.left() == expected);
  file.end();
  CHECK_FALSE(file.left());
  rmdir(folder);
}

}  // namespace
}  // namespace hikyaku::apps
