#include "services/directory/login_tickets.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {
constexpr Instant start{100s};
const LoginTickets::Login ann{AccountId{7}, Protocol::Imap, "192.0.2.9"};
}  // namespace

TEST_CASE("a ticket proves its login once") {
  LoginTickets tickets;
  const auto one = tickets.issue(ann, start), other = tickets.issue({AccountId{8}, Protocol::Pop3, ""}, start);
  CHECK(one.size() == LoginTickets::ticket_octets);
  CHECK(one != other);
  const auto login = tickets.redeem(one, Protocol::Imap, start + 59s);
  REQUIRE(login);
  CHECK(login->account == AccountId{7});
  CHECK(login->client_address == "192.0.2.9");
  CHECK(!tickets.redeem(one, Protocol::Imap, start + 59s));
  CHECK(tickets.redeem(other, Protocol::Pop3, start)->account == AccountId{8});
  CHECK(tickets.size() == 0);
}

TEST_CASE("what proves nothing") {
  struct { const char* name; Protocol protocol; Duration after; std::string (*presented)(std::string ticket); } rows[] = {
      {"too late", Protocol::Imap, 60s, [](std::string t) { return t; }},
      {"another protocol", Protocol::Pop3, 0s, [](std::string t) { return t; }},
      {"a protocol without tickets", Protocol::Smtp, 0s, [](std::string t) { return t; }},
      {"nothing", Protocol::Imap, 0s, [](std::string) { return std::string(); }},
      {"zeros", Protocol::Imap, 0s, [](std::string) { return std::string(32, '\0'); }},
      {"cut", Protocol::Imap, 0s, [](std::string t) { return t.substr(0, 31); }},
      {"longer", Protocol::Imap, 0s, [](std::string t) { return t + '\0'; }},
      {"its first part", Protocol::Imap, 0s, [](std::string t) { return t.substr(0, 8); }},
      {"another secret", Protocol::Imap, 0s, [](std::string t) { t.back() ^= 1; return t; }},
      {"another number", Protocol::Imap, 0s, [](std::string t) { t.front() ^= 1; return t; }},
  };
  for (const auto& row : rows) {
    LoginTickets tickets;
    const auto ticket = tickets.issue(ann, start);
    CHECK_MESSAGE(!tickets.redeem(row.presented(ticket), row.protocol, start + row.after), row.name);
  }
}

TEST_CASE("a ticket shown for the wrong protocol is spent") {
  LoginTickets tickets;
  const auto ticket = tickets.issue(ann, start);
  CHECK(!tickets.redeem(ticket, Protocol::Pop3, start));
  CHECK(!tickets.redeem(ticket, Protocol::Imap, start));
}

TEST_CASE("tickets nobody comes for cost no memory for long") {
  LoginTickets tickets;
  const auto first = tickets.issue(ann, start);
  for (std::size_t i = 0; i < LoginTickets::most_tickets; ++i) (void)tickets.issue(ann, start);
  CHECK(tickets.size() == LoginTickets::most_tickets);
  CHECK(!tickets.redeem(first, Protocol::Imap, start));
  (void)tickets.issue(ann, start + 61s);
  CHECK(tickets.size() == 1);
}
