#include "apps/receive/arrived_text.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "io/test_loop.h"
#include "services/spool/spill_folder.h"

using namespace hikyaku;
using namespace hikyaku::receive;

namespace {

struct World {
  World() { REQUIRE(disk.make_folder("/spill")); }
  io::SimulatedDisk disk;
  io::Loop loop;
  io::Workers workers{1, 100};
  spool::MessageSink sink{std::make_shared<spool::SpillFolder>(disk, "/spill", 1 << 20, 1)};
};

Task<void> read_header(World& world, std::uint64_t skip, std::size_t most, std::string& into) {
  auto reading = header_of(ArrivedText(world.loop, world.workers, world.sink, skip), most);
  auto header = co_await std::move(reading);
  REQUIRE(header);
  into = *std::move(header);
}

enum class Where : std::uint8_t { Memory, File, Both };

std::string header_in(const std::string& text, Where where, std::uint64_t skip = 0, std::size_t most = ~0UZ) {
  World world;
  const auto in_file = where == Where::Memory ? 0 : where == Where::File ? text.size() : text.size() / 2;
  world.sink.append(std::string_view(text).substr(0, in_file));
  if (in_file > 0) REQUIRE(world.sink.spill());
  world.sink.append(std::string_view(text).substr(in_file));
  std::string header;
  io::run_to_end(world.loop, read_header(world, skip, most, header));
  return header;
}

}  // namespace

TEST_CASE("a header is read whole, however long it is and wherever it lies") {
  std::string fields;
  for (int i = 0; fields.size() < 700'000; ++i) fields += "X-Field-" + std::to_string(i) + ": a value of some length\r\n";
  for (const auto where : {Where::Memory, Where::File, Where::Both}) {
    CHECK(header_in("A: 1\r\n\r\nbody\r\n\r\nmore", where) == "A: 1\r\n\r\n");
    CHECK(header_in("Ours: 1\r\nA: 1\r\n\r\nbody", where, 9) == "A: 1\r\n\r\n");
    CHECK(header_in("A: 1\r\n", where) == "A: 1\r\n");  // there is no body
    CHECK(header_in("\r\nbody", where) == "\r\n");
    CHECK(header_in("", where).empty());
    CHECK(header_in(fields + "\r\nbody\r\n", where) == fields + "\r\n");
    CHECK(header_in(fields + "\r\n", where, 0, fields.size() + 2) == fields + "\r\n");
    CHECK(header_in(fields + fields + "\r\nbody\r\n", where, 0, fields.size()).size() > fields.size());
  }
  CHECK(header_in(fields + fields, Where::File, 0, fields.size()).size() < 2 * fields.size());  // it stops there
}
