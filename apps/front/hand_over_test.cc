#include <doctest/doctest.h>

#include "apps/front/hand_over.h"

using namespace hikyaku;
using namespace hikyaku::apps::front;

TEST_CASE("hand-over: what was encoded is decoded; every cut and anything added is refused") {
  const HandedOver who{AccountId{7}, "a@b.example", "192.0.2.1", "TLSv1.3", "pop3s", std::string("tag\0rest", 8)};
  const auto octets = who.encode();
  CHECK(HandedOver::decode(octets) == who);
  for (std::size_t cut = 0; cut < octets.size(); ++cut) CHECK(!HandedOver::decode(std::string_view(octets).substr(0, cut)));
  CHECK(!HandedOver::decode(octets + "x"));
  CHECK(!HandedOver::decode(HandedOver{}.encode()));  // nobody
  for (const auto taken : {Taken::Yes, Taken::TooMany, Taken::Stopping}) CHECK(decode_taken(encode(taken)) == taken);
  for (const char* bad : {"", "\3", "\1\1"}) CHECK(!decode_taken(bad));
}
