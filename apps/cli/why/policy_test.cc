#include "apps/cli/why/policy.h"

#include <doctest/doctest.h>

using namespace hikyaku;

TEST_CASE("SPF terms: by the family, and none for an address that the world does not see") {
  struct Row {
    const char *address, *term;
  };
  for (const auto& [address, term] : std::initializer_list<Row>{{"192.0.2.1", "ip4:192.0.2.1"}, {"2001:db8::1", "ip6:2001:db8::1"}, {"203.0.113.255", "ip4:203.0.113.255"},
                                                                {"100.128.0.1", "ip4:100.128.0.1"}, {"172.32.0.1", "ip4:172.32.0.1"}, {"fd00::2", "mx"}, {"fc00::1", "mx"}, {"fe80::1", "mx"},
                                                                {"::1", "mx"}, {"::", "mx"}, {"127.0.0.1", "mx"}, {"10.1.2.3", "mx"}, {"192.168.0.1", "mx"}, {"172.16.0.1", "mx"},
                                                                {"172.31.255.255", "mx"}, {"169.254.1.1", "mx"}, {"100.64.0.1", "mx"}, {"0.0.0.0", "mx"}})
    CHECK(cli::spf_term(*io::IpAddress::parse(address)) == term);
}
