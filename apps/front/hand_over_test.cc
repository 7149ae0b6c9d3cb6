#include <doctest/doctest.h>

#include "apps/front/hand_over.h"
#include "base/wire.h"

using namespace hikyaku;
using namespace hikyaku::apps::front;

TEST_CASE("hand-over: what was encoded is decoded; every cut and anything added is refused") {
  const HandedOver who{std::string(32, '\7'), "TLSv1.3", "pop3s", std::string("tag\0rest", 8)};
  const auto octets = who.encode();
  CHECK(HandedOver::decode(octets) == who);
  for (std::size_t cut = 0; cut < octets.size(); ++cut) CHECK(!HandedOver::decode(std::string_view(octets).substr(0, cut)));
  CHECK(!HandedOver::decode(octets + "x"));
  CHECK(!HandedOver::decode(HandedOver{}.encode()));  // without a ticket
  using enum Taken;
  for (const auto taken : {Yes, TooMany, Stopping, Unproven, Unavailable}) CHECK(decode_taken(encode(taken)) == taken);
  for (const char* bad : {"", "\5", "\1\1"}) CHECK(!decode_taken(bad));
}

TEST_CASE("hand-over: a front that names an account, as version 1 did, is not understood") {
  const auto named = WireWriter{}.u8(1).u64(7).text("a@b.example").text("192.0.2.1").text("").text("imap").text("x").bytes();
  CHECK(!HandedOver::decode(named));
}
