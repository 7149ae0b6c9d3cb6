#include "services/refusals/log_tail.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"

using namespace hikyaku;
using namespace hikyaku::refusals;

namespace {

struct Rig {
  io::SimulatedDisk disk;
  std::vector<std::string> lines;
  Rig() { REQUIRE(disk.make_folder("log")); }
  void write(const std::string& day, std::string_view text, const std::string& service = "receive") {
    auto file = disk.open("log/" + day + "." + service + ".jsonl", io::OpenMode::Create);
    REQUIRE(file);
    REQUIRE((*file)->write_at(*(*file)->size(), text));
  }
  LogTail::Left read(LogTail& tail, std::size_t octets = 1 << 20) {
    return tail.read(octets, [this](std::string_view line) { lines.emplace_back(line); });
  }
};
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines are read once, day by day, as they come") {
  Rig rig;
  rig.write("2026-11-19", "too old\n");
  rig.write("2026-11-20", "one\ntwo\n");
  rig.write("2026-11-22", "three\nfo");
  LogTail tail(rig.disk, "log", "receive", "2026-11-20");
  CHECK(rig.read(tail) == LogTail::Left::Nothing);
  CHECK(rig.lines == Lines{"one", "two", "three"});
  rig.write("2026-11-22", "ur\n");
  (void)rig.read(tail);
  CHECK(rig.lines.back() == "four");
  (void)rig.read(tail);
  CHECK(rig.lines.size() == 4);
  rig.write("2026-11-22", "five\n");
  rig.write("2026-11-23", "six\n");
  (void)rig.read(tail);
  CHECK(rig.lines == Lines{"one", "two", "three", "four", "five", "six"});
}

TEST_CASE("a file that could not be opened is read the next time, and its day is not skipped") {
  for (const bool first : {true, false}) {
    Rig rig;
    if (!first) rig.write("2026-11-20", "one\n");
    LogTail tail(rig.disk, "log", "receive", "2026-11-20");
    if (!first) (void)rig.read(tail);
    rig.write("2026-11-21", "two\n");
    rig.disk.fail(io::DiskCall::Open, 1, io::DiskFailure::NoPermission);
    (void)rig.read(tail);
    (void)rig.read(tail);
    REQUIRE(!rig.lines.empty());
    CHECK(rig.lines.back() == "two");
  }
}

TEST_CASE("others' files, long lines and a folder that is not there yet are no trouble") {
  Rig rig;
  LogTail nowhere(rig.disk, "nowhere", "receive", "2026-11-20");
  CHECK(rig.read(nowhere) == LogTail::Left::Nothing);
  LogTail tail(rig.disk, "log", "receive", "2026-11-20");
  CHECK(rig.read(tail) == LogTail::Left::Nothing);
  rig.write("2026-11-20", "not ours\n", "deliver");
  rig.write("2026-11-20", "short\n" + std::string(LogTail::longest_line + 1, 'x') + "\nafter\n\nlast");
  CHECK(rig.read(tail) == LogTail::Left::Nothing);
  CHECK(rig.lines == Lines{"short", "after", ""});
}

TEST_CASE("much is read in steps") {
  Rig rig;
  std::string text;
  for (int n = 0; n < 100'000; ++n) text += "line " + std::to_string(n) + "\n";
  rig.write("2026-11-20", text);
  LogTail tail(rig.disk, "log", "receive", "2026-11-20");
  int steps = 1;
  while (rig.read(tail, 300'000) == LogTail::Left::More) ++steps;
  CHECK(steps >= 3);
  REQUIRE(rig.lines.size() == 100'000);
  CHECK(rig.lines[77'777] == "line 77777");
}
