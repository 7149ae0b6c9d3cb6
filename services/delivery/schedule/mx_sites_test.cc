#include <doctest/doctest.h>

#include "services/delivery/schedule/mx_sites.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

TEST_CASE("the same MX hosts are one destination, in whatever order they came") {
  CHECK(site_key({"mx2.big.example", "mx1.big.example"}, "a.example") == "mx:mx1.big.example,mx2.big.example");
  CHECK(site_key({"mx1.big.example", "mx2.big.example", "mx1.big.example"}, "b.example") == "mx:mx1.big.example,mx2.big.example");
  CHECK(site_key({}, "c.example") == "mx:c.example");
  CHECK(site_key(std::vector<std::string>(64, std::string(60, 'h')), "d.example") == "mx:" + std::string(60, 'h'));
  std::vector<std::string> many;
  for (int n = 0; n < 64; ++n) many.push_back("mx" + std::to_string(n) + ".example.net");
  CHECK(site_key(many, "e.example") == "mx:e.example");
}

TEST_CASE("what is known of a domain is forgotten in time, and in bulk when there is too much of it") {
  MxSites sites;
  const WallTime now{std::chrono::seconds{1'000}};
  sites.learn("a.example", "mx:x", now + MxSites::remembered);
  REQUIRE(sites.find("a.example", now));
  CHECK(*sites.find("a.example", now) == "mx:x");
  CHECK(!sites.find("a.example", now + MxSites::remembered));
  CHECK(!sites.find("b.example", now));
  for (std::size_t n = 0; n <= MxSites::most; ++n) sites.learn(std::to_string(n), "k", now + std::chrono::hours{1});
  CHECK(sites.size() <= MxSites::most);
}
