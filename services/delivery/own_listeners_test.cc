#include "services/delivery/own_listeners.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using hikyaku::delivery::OwnListeners;

TEST_CASE("own listeners: an address and port where we take mail, by whatever listener") {
  const OwnListeners ours({"192.0.2.1:25", "[2001:db8::1]:25", "*:2525", "127.0.0.7:26"});
  for (const auto* one : {"192.0.2.1:25", "[2001:db8::1]:25", "[::ffff:192.0.2.1]:25", "127.0.0.1:2525", "127.0.20.1:2525", "[::1]:2525", "0.0.0.0:2525",
                          "127.0.0.7:26", "0.0.0.0:26"})
    CHECK_MESSAGE(ours.include(*io::SocketAddress::parse(one)), one);
  for (const auto* one : {"192.0.2.2:25", "192.0.2.1:24", "192.0.2.1:2525", "[2001:db8::2]:25", "[2001:db8::1]:2525", "127.0.0.1:25", "0.0.0.0:25",
                          "127.0.0.1:26", "198.51.100.1:2525", "[::ffff:192.0.2.2]:25"})
    CHECK_MESSAGE(!ours.include(*io::SocketAddress::parse(one)), one);
}

TEST_CASE("own listeners: what is no address to listen on, or has no port yet, is nobody's") {
  const OwnListeners none({"", "nowhere", "192.0.2.1", "*:0", "127.0.0.1:0", "*:99999", "mail.example:25"});
  for (const auto* one : {"192.0.2.1:25", "127.0.0.1:0", "127.0.0.1:25", "0.0.0.0:0"}) CHECK_MESSAGE(!none.include(*io::SocketAddress::parse(one)), one);
  CHECK_FALSE(OwnListeners().include(*io::SocketAddress::parse("127.0.0.1:25")));
}
