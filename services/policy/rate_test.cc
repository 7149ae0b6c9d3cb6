#include <doctest/doctest.h>

#include "services/policy/rate.h"

using namespace hikyaku;
using namespace hikyaku::policy;

namespace {

const Instant start = Instant{} + std::chrono::hours{1};

}  // namespace

TEST_CASE("rates are written as they are said; what is none is nothing") {
  CHECK(parse_rate("account 300/1h") == Rate{RateOf::Account, 300, 300, std::chrono::hours{1}});
  CHECK(parse_rate("sender_domain 5/30s burst 20") == Rate{RateOf::SenderDomain, 5, 20, 30s});
  CHECK(parse_rate("account_domain 900/1h") == Rate{RateOf::AccountDomain, 900, 900, std::chrono::hours{1}});
  CHECK(rate_text(*parse_rate("sender_domain 5/30s burst 20")) == "sender_domain 5/30s burst 20");
  CHECK(parse_rate(rate_text(*parse_rate("account 300/1h"))) == parse_rate("account 300/1h"));
  for (const auto* wrong : {"", "account", "account ", "account 0/1h", "account 1/0h", "account 1/1", "account 1/1w", "account 1/8d", "somebody 1/1h", "account 1/1h burst", "account 1/1h burst 0",
                            "account 1000001/1h", "account 1/1h more", "account  1/1h", "account -1/1h", "account 99999999999999999999/1h"})
    CHECK_MESSAGE(!parse_rate(wrong), wrong);
}

TEST_CASE("a burst, then as many as come back in time; each has its own") {
  Rates rates;
  rates.set({*parse_rate("account 60/1h burst 3"), *parse_rate("client 1000/1h")});
  const RateSubject taro{.account = "taro@a.example", .client = "192.0.2.7"}, hanako{.account = "hanako@a.example", .client = "192.0.2.7"};
  for (int i = 0; i < 3; ++i) CHECK(!rates.take(taro, start));
  const auto over = rates.take(taro, start);
  REQUIRE(over);
  CHECK(over->who == "taro@a.example");
  CHECK(over->again_in == 60s);
  CHECK(!rates.take(hanako, start));
  CHECK(rates.take(taro, start + 59s));
  CHECK(!rates.take(taro, start + 60s));
  CHECK(rates.take(taro, start + 61s));
  for (int i = 0; i < 3; ++i) CHECK(!rates.take(taro, start + std::chrono::hours{5}));
  CHECK(rates.take(taro, start + std::chrono::hours{5}));
}

TEST_CASE("who is refused by one rate takes nothing from another") {
  Rates rates;
  rates.set({*parse_rate("client 3/1h"), *parse_rate("account 1/1h")});
  const RateSubject taro{.account = "taro", .client = "c"}, nobody{.client = "c"};
  CHECK(!rates.take(taro, start));
  for (int i = 0; i < 5; ++i) CHECK(rates.take(taro, start)->rate.of == RateOf::Account);
  CHECK(!rates.take(nobody, start));
  CHECK(!rates.take(nobody, start));
  CHECK(rates.take(nobody, start)->rate.of == RateOf::Client);
}

TEST_CASE("its memory is bounded, and what is full again is forgotten; a changed rate begins anew, another goes on") {
  Rates rates;
  rates.set({*parse_rate("client 1/1m")});
  for (std::size_t i = 0; i < Rates::most_buckets + 100; ++i) CHECK(!rates.take({.client = std::to_string(i)}, start));
  CHECK(rates.buckets() == Rates::most_buckets);
  CHECK(!rates.take({.client = "0"}, start + 2min));
  CHECK_MESSAGE(rates.buckets() > Rates::most_buckets - 1'000, "a call, and who waits for it, does not look at all of them");
  CHECK_MESSAGE(rates.buckets() < Rates::most_buckets, "there is room for somebody new at once");
  for (int calls = 0; calls < 5'000 && rates.buckets() > 1; ++calls) CHECK(rates.take({.client = "0"}, start + 2min));
  CHECK(rates.buckets() == 1);
  rates.set({*parse_rate("client 1/1m"), *parse_rate("network 1/1m")});
  CHECK(rates.take({.client = "0"}, start + 2min));
  rates.set({*parse_rate("client 1/2m")});
  CHECK(!rates.take({.client = "0"}, start + 2min));
  rates.set({});
  CHECK(!rates.take({.client = "0"}, start + 2min));
}

TEST_CASE("all accounts of a domain share its rate; who is fullest is told") {
  Rates rates;
  rates.set({*parse_rate("account_domain 10/1h"), *parse_rate("client 100/1h")});
  for (int i = 0; i < 10; ++i) CHECK(!rates.take({.account = "u" + std::to_string(i) + "@a.example", .client = "192.0.2.7", .account_domain = "a.example"}, start));
  const auto over = rates.take({.account = "new@a.example", .client = "192.0.2.8", .account_domain = "a.example"}, start);
  REQUIRE(over);
  CHECK(over->who == "a.example");
  CHECK(!rates.take({.client = "192.0.2.8"}, start));  // no account, no domain
  const auto used = rates.fullest(start, 2);
  REQUIRE(used.size() == 2);
  CHECK(used[0].who == "a.example");
  CHECK(used[0].used == 10);
  CHECK(used[0].again_in == 360s);
  CHECK(used[1].who == "192.0.2.7");
  CHECK(used[1].again_in == 0s);
  CHECK(rates.fullest(start + std::chrono::hours{2}, 10).empty());
  CHECK(rates.fullest(start, 0).empty());
}
