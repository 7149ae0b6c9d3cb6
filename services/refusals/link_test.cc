#include "services/refusals/link.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::refusals;

namespace {
const std::string key(link_key_octets, 'k');
const WallTime now{std::chrono::days{20'000}};
const LinkSubject subject{"192.0.2.0/24", "a@a.example", "b@here.example", now + 1h};
}  // namespace

TEST_CASE("a link says what it is about, until its time is over") {
  const auto link = make_link(key, subject);
  CHECK(link.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos);
  CHECK(read_link(key, link, now) == subject);
  CHECK(read_link(key, link, now + 1h - 1s) == subject);
  CHECK(read_link(key, link, now + 1h).error() == LinkFault::Expired);
  const LinkSubject null_sender{"2001:db8::/64", "", "b@here.example", now + 1h};
  CHECK(read_link(key, make_link(key, null_sender), now) == null_sender);
  CHECK(link_mark(link).size() == 32);
  CHECK(link_mark(link) != link_mark(make_link(key, null_sender)));
}

TEST_CASE("nobody can make one, change one, or cut one") {
  const auto link = make_link(key, subject);
  const auto forged = [&](std::string_view other, std::string_view by = key) { return !read_link(by, other, now) && read_link(by, other, now).error() == LinkFault::Forged; };
  for (std::size_t at = 0; at < link.size(); ++at) {
    auto changed = link;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK_MESSAGE(forged(changed), at);
    CHECK(forged(link.substr(0, at)));
  }
  CHECK(forged(link + "A"));
  CHECK(forged(link + "AAAA"));
  CHECK(forged(link + "="));
  CHECK(forged(""));
  CHECK(forged("+/+/"));
  CHECK(forged(std::string(5'000, 'A')));
  CHECK(forged(link, std::string(link_key_octets, 'x')));
  CHECK(forged(link, ""));
  CHECK(forged(make_link("", subject), ""));
  CHECK(forged(make_link("short", subject), "short"));
}
