#include "services/spool/message_sink.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/spool/spill_folder.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

std::string text_of(const MessageSink& sink) {
  std::string text;
  if (sink.spilled()) text = *sink.read_spilled(0, sink.spilled_octets());
  for (const auto& chunk : sink.in_memory()) text += chunk;
  return text;
}

}  // namespace

TEST_CASE("a message's first octets are replaced wherever they are, and the rest stays") {
  io::SimulatedDisk disk;
  REQUIRE(disk.make_folder("/spill"));
  const auto folder = std::make_shared<SpillFolder>(disk, "/spill", 1 << 20, 1);
  std::string text;
  for (int i = 0; text.size() < 50'000; ++i) text += std::to_string(i) + " ";
  for (const std::size_t in_file : {0UZ, 1'000UZ, 20'000UZ}) {
    for (const std::size_t instead_of : {0UZ, 1UZ, 999UZ, 1'000UZ, 1'001UZ, 30'000UZ, text.size()}) {
      MessageSink sink(folder);
      sink.append(std::string_view(text).substr(0, in_file));
      if (in_file > 0) REQUIRE(sink.spill());
      sink.append(std::string_view(text).substr(in_file));
      REQUIRE(sink.put_first("new ", instead_of));
      const auto wanted = "new " + text.substr(instead_of);
      CHECK(text_of(sink) == wanted);
      CHECK(sink.octets() == wanted.size());
      sink.append("more");
      REQUIRE(sink.put_first("above "));
      CHECK(text_of(sink) == "above " + wanted + "more");
      CHECK(sink.octets() == wanted.size() + 10);
    }
  }
}

TEST_CASE("a message that was begun while there was room takes nothing of the reserve") {
  constexpr std::size_t reserve = 1 << 20, piece = 64 << 10;
  io::SimulatedDisk disk;
  REQUIRE(disk.make_folder("/spill"));
  const auto folder = std::make_shared<SpillFolder>(disk, "/spill", 1 << 20, 1, reserve);
  MessageSink sink(folder);
  disk.set_capacity(reserve + piece / 2);
  sink.append(std::string(piece, 'x'));
  REQUIRE(sink.spill());
  sink.append(std::string(piece, 'y'));
  const auto refused = sink.spill();
  REQUIRE(!refused);
  CHECK(refused.error().kind == SpoolFailure::NoSpace);
  disk.set_capacity(4 * reserve);
  REQUIRE(sink.spill());
  disk.set_capacity(reserve + 3 * piece);  // two are there
  const auto not_copied = sink.put_first("above ");
  REQUIRE(!not_copied);
  CHECK(not_copied.error().kind == SpoolFailure::NoSpace);
  CHECK(text_of(sink) == std::string(piece, 'x') + std::string(piece, 'y'));
}
