#include "io/socket_address.h"

#include <doctest/doctest.h>

#include "io/address_limit.h"

using namespace hikyaku::io;

TEST_CASE("ip address: what parses prints as RFC 5952 writes it") {
  const std::pair<const char*, const char*> rows[] = {{"192.0.2.1", "192.0.2.1"},
                                                      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
                                                      {"::1", "::1"},
                                                      {"::", "::"},
                                                      {"::ffff:192.0.2.1", "192.0.2.1"}};
  for (const auto& [text, printed] : rows) {
    REQUIRE_MESSAGE(IpAddress::parse(text), text);
    CHECK(IpAddress::parse(text)->to_string() == printed);
    CHECK(IpAddress::parse(printed) == IpAddress::parse(text));
  }
}

TEST_CASE("ip address: other texts are refused") {
  using namespace std::string_view_literals;
  for (const auto bad : {""sv, "1"sv, "127.1"sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.1.1.1"sv, "1.2.3.4 "sv, " 1.2.3.4"sv,
                         "[::1]"sv, ":::"sv, "1:2:3:4:5:6:7"sv, "fe80::1%lo"sv, "g::1"sv, "1.2.3.4\0"sv, "0x7f.0.0.1"sv,
                         "11111111111111111111111111111111111111111111111111"sv})
    CHECK_MESSAGE(!IpAddress::parse(bad), bad);
  for (const std::size_t octets : {0, 3, 5, 15, 17}) CHECK(!IpAddress::from_octets(std::string(octets, '\1')));
}

TEST_CASE("ip address: loopback and reverse names") {
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
    CHECK(IpAddress::parse(text)->is_loopback());
  for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "2001:db8::1"})
    CHECK(!IpAddress::parse(text)->is_loopback());
  CHECK(IpAddress::parse("192.0.2.5")->reverse_name() == "5.2.0.192.in-addr.arpa");
  CHECK(IpAddress::parse("2001:db8::567:89ab")->reverse_name() ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_CASE("ip network: membership by prefix, never across families") {
  struct Row {
    const char* network;
    const char* address;
    bool inside;
  };
  for (const auto& [network, address, inside] :
       {Row{"192.0.2.0/24", "192.0.2.255", true}, Row{"192.0.2.0/24", "192.0.3.0", false},
        Row{"10.0.0.0/9", "10.127.1.1", true}, Row{"10.0.0.0/9", "10.128.0.0", false},
        Row{"0.0.0.0/0", "203.0.113.9", true}, Row{"0.0.0.0/0", "::1", false}, Row{"192.0.2.1", "192.0.2.1", true},
        Row{"192.0.2.1", "192.0.2.2", false}, Row{"2001:db8::/33", "2001:db8:7fff::1", true},
        Row{"2001:db8::/33", "2001:db8:8000::", false}, Row{"::/0", "2001:db8::", true}, Row{"::1/128", "::2", false}})
    CHECK_MESSAGE(IpNetwork::parse(network)->contains(*IpAddress::parse(address)) == inside, network, " ", address);
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.1.0.0/8", "::1/129",
                          "::1/127", "10.0.0.0/ 8"})
    CHECK_MESSAGE(!IpNetwork::parse(bad), bad);
}

TEST_CASE("socket address: parse and print agree, and the system's form goes both ways") {
  for (const char* text : {"192.0.2.1:25", "[2001:db8::1]:65535", "unix:/run/hikyaku/auth.sock", "0.0.0.0:0"}) {
    const auto address = SocketAddress::parse(text);
    REQUIRE_MESSAGE(address, text);
    CHECK(address->to_string() == text);
    sockaddr_storage storage;
    const auto length = address->to_system(storage);
    CHECK(SocketAddress::from_system(storage, length) == *address);
  }
  for (const char* bad : {"", "25", ":25", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:+1",
                          "192.0.2.1:25 ", "::1:25", "[192.0.2.1]:25", "[::1]", "[::1]25", "unix:", "host:25"})
    CHECK_MESSAGE(!SocketAddress::parse(bad), bad);
  sockaddr_storage storage;
  CHECK(SocketAddress::unix_path(std::string(107, 'x')).to_system(storage) != 0);
  CHECK(SocketAddress::unix_path(std::string(108, 'x')).to_system(storage) == 0);
}

TEST_CASE("address limit: counts by address and in all, IPv6 by /64, and gives places back") {
  AddressLimit limit(2, 4);
  const auto first = *IpAddress::parse("192.0.2.1");
  auto one = limit.enter(first);
  auto two = limit.enter(first);
  CHECK(one);
  CHECK(two);
  CHECK(!limit.enter(first));
  auto three = limit.enter(*IpAddress::parse("2001:db8::1"));
  auto four = limit.enter(*IpAddress::parse("2001:db8::2"));
  CHECK(four);
  CHECK(!limit.enter(*IpAddress::parse("192.0.2.9")));  // in all
  two.reset();
  CHECK(!limit.enter(*IpAddress::parse("2001:db8:0:0:9::3")));  // the same /64
  CHECK(limit.enter(*IpAddress::parse("192.0.2.9")));           // and given back at once
  CHECK(limit.held() == 3);
}
