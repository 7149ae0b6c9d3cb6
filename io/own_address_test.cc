#include "io/own_address.h"

#include <doctest/doctest.h>

using namespace hikyaku::io;

TEST_CASE("own addresses: loopback and \"any\" are ours, those of documentation and of many are not") {
  for (const auto* ours : {"127.0.0.1", "127.0.20.1", "::1", "0.0.0.0", "::"}) CHECK_MESSAGE(is_own_address(*IpAddress::parse(ours)), ours);
  for (const auto* other : {"192.0.2.7", "198.51.100.7", "203.0.113.7", "2001:db8::7", "224.0.0.1", "239.1.2.3", "255.255.255.255", "240.0.0.1", "ff02::1"})
    CHECK_MESSAGE(!is_own_address(*IpAddress::parse(other)), other);
}
