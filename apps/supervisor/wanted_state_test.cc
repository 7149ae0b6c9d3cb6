#include "apps/supervisor/wanted_state.h"

#include <doctest/doctest.h>


namespace hikyaku::apps {
namespace {

TEST_CASE("what was stopped is read back as it was written") {
  const StoppedServices stopped = {{"deliver", {WallTime{std::chrono::microseconds{1'796'000'000'000'007}}, "root"}},
                                   {"imap", {WallTime{std::chrono::microseconds{1'796'000'100'000'000}}, "Taro Yamada (sudo)"}}};
  CHECK(parse_stopped(stopped_text(stopped)) == stopped);
}

TEST_CASE("damaged lines are passed over, good ones kept") {
  for (const auto* text : {"", "\n", "deliver\n", "deliver \n", "deliver yesterday root\n", " 2026-11-30T09:53:20.000007+09:00 root\n", "deliver 2026-11-30\n"})
    CHECK_MESSAGE(parse_stopped(text).empty(), text);
  const auto stopped = parse_stopped("garbage\ndeliver 2026-11-30T09:53:20.000007+09:00 root\n\xff\xfe");
  REQUIRE(stopped.size() == 1);
  CHECK(stopped.begin()->first == "deliver");
  CHECK(parse_stopped("imap 2026-11-30T09:53:20.000007+09:00").contains("imap"));
}

}  // namespace
}  // namespace hikyaku::apps
