#include "services/delivery/onward/expansion.h"

#include <doctest/doctest.h>

#include <set>

#include "storage/journal.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {
Envelope message(std::string original = {}) {
  Envelope out;
  out.id = {1, 1, 7, 42};
  out.reverse_path.address = {"boss", "a.example"};
  out.recipients = {{{"other", "a.example"}, "", {}}, {{"all", "a.example"}, std::move(original), {.success = true}}};
  out.envelope_id = "QQ314159";
  out.return_content = ReturnContent::Headers;
  out.body_type = BodyType::EightBitMime;
  out.smtputf8 = true;
  out.accepted_at = WallTime{std::chrono::seconds{1'700'000'000}};
  out.client_address = "192.0.2.7";
  out.client_helo = "client.example";
  out.account = "boss@a.example";
  out.body_octets = 1'234;
  return out;
}

std::vector<Address> targets(std::size_t count, std::size_t local_octets) {
  std::vector<Address> all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    all.push_back({std::string(local_octets > number.size() ? local_octets - number.size() : 0, 'u') + number, "far.example"});
  }
  return all;
}
}  // namespace

TEST_CASE("an alias becomes mails whose heads fit, each target in one of them") {
  struct Row {
    std::size_t targets, local_octets, original_octets, least_parts;
  };
  for (const auto& row : {Row{0, 5, 0, 0}, Row{1, 5, 0, 1}, Row{2, 5, 0, 1}, Row{5'000, 5, 0, 1}, Row{5'001, 5, 0, 2},
                          Row{20'000, 12, 0, 4}, Row{20'000, 64, 500, 20}, Row{3, 200'000, 0, 2}}) {
    CAPTURE(row.targets);
    CAPTURE(row.local_octets);
    const auto of = message(row.original_octets == 0 ? "" : "rfc822;" + std::string(row.original_octets, 'o'));
    const auto all = targets(row.targets, row.local_octets);
    const auto parts = expand_recipient(of, 1, all, 100);
    CHECK(parts.size() >= row.least_parts);
    std::vector<Address> found;
    std::set<TraceId> ids;
    for (const auto& part : parts) {
      CHECK(!part.recipients.empty());
      CHECK(ids.insert(part.id).second);
      const auto head = part.encode();
      CHECK(head.size() < storage::largest_head_octets / 2);
      for (const auto& to : part.recipients) {
        found.push_back(to.address);
        CHECK(to.notify.success == (row.targets == 1));
        CHECK(to.original_recipient == (row.original_octets == 0 ? "rfc822;all@a.example" : of.recipients[1].original_recipient));
      }
      auto same = part;
      same.id = of.id;
      same.recipients = of.recipients;
      CHECK_MESSAGE(same == of, "everything else is the message's");
    }
    CHECK(found == all);
    const auto again = expand_recipient(of, 1, all, 100);
    CHECK_MESSAGE(again == parts, "the same when it is repeated");
  }
}

TEST_CASE("the first part of an alias has the id that the whole had before there were parts") {
  const auto of = message();
  CHECK(expand_recipient(of, 1, targets(2, 5), 100).at(0).id == of.id.derived("all@a.example", "alias", 100));
}

TEST_CASE("what the sender asked to be told goes on to the copies, success only where there is one") {
  struct Row { Notify asked; std::size_t targets; Notify want; };
  const Row rows[] = {{{}, 2, {}},
                      {{.never = true}, 2, {.never = true}},
                      {{.success = true}, 1, {.success = true}},
                      {{.success = true}, 2, {.never = true}},
                      {{.success = true, .failure = true}, 2, {.failure = true}},
                      {{.success = true, .delay = true}, 3, {.delay = true}},
                      {{.failure = true}, 2, {.failure = true}}};
  for (const auto& row : rows) {
    Envelope of;
    of.id = {1, 1, 1, 1};
    of.recipients = {{{"all", "example.jp"}, "", row.asked}};
    std::vector<Address> targets;
    for (std::size_t n = 0; n < row.targets; ++n) targets.push_back({"t" + std::to_string(n), "example.net"});
    const auto parts = expand_recipient(of, 0, targets, 100);
    REQUIRE(parts.size() == 1);
    for (const auto& to : parts[0].recipients) CHECK(to.notify == row.want);
  }
}
