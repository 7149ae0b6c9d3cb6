#include "services/spool/reply_search.h"

#include <doctest/doctest.h>

#include <random>

#include "base/cursor.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

bool found(const ReplyArena& arena, ReplyArena::Place place, std::string_view part) {
  ReplySearch search(part);
  return search.matches(arena, place);
}

}  // namespace

TEST_CASE("reply search: a part is found wherever it stands, in any case, and never across two texts") {
  ReplyArena arena;
  const auto first = arena.add("451 4.7.1 Try again LATER"), second = arena.add("later, Ticket @[`{"), third = arena.add("x");
  const auto empty = arena.add("");
  struct Row {
    std::string_view part;
    bool in_first, in_second, in_third;
  };
  for (const auto& [part, in_first, in_second, in_third] : std::initializer_list<Row>{
           {"later", true, true, false}, {"LATER", true, true, false}, {"451 4.7.1 try again later", true, false, false},
           {"4", true, false, false}, {"x", false, false, true}, {"X", false, false, true}, {"r", true, true, false},
           {"later, ticket @[`{", false, true, false}, {"@[`{", false, true, false}, {"`{@[", false, false, false},
           {"`", false, true, false}, {"{[", false, false, false}, {"laterlater", false, false, false}, {"rx", false, false, false},
           {"{x", false, false, false}, {"\x01", false, false, false}, {std::string_view("\0", 1), false, false, false},
           {"451 4.7.1 try again later ", false, false, false}, {"xx", false, false, false}}) {
    CAPTURE(part);
    CHECK(found(arena, first, part) == in_first);
    CHECK(found(arena, second, part) == in_second);
    CHECK(found(arena, third, part) == in_third);
    CHECK(!found(arena, empty, part));
  }
  CHECK(!ReplySearch("").wanted());
}

TEST_CASE("reply search: what is added, moved and reused while a search goes on is judged as it is") {
  constexpr std::uint64_t seed = 7;
  std::mt19937_64 random(seed);
  ReplyArena arena;
  std::vector<std::pair<ReplyArena::Place, std::string>> users;
  ReplySearch search("needle 7");
  const auto check_all = [&] {
    for (const auto& [place, text] : users) REQUIRE(search.matches(arena, place) == (ascii_lower(text).find("needle 7") != std::string::npos));
  };
  for (int n = 0; n < 30'000; ++n) {
    std::string text = "451 " + std::string(random() % 90, 'n') + (random() % 3 == 0 ? "NeedLe " : "needle-") + std::to_string(random() % 80);
    const auto place = arena.add(text);
    users.emplace_back(place, std::move(text));
    if (n % 3'000 == 0) check_all();
  }
  check_all();
  for (std::size_t n = 0; n < users.size();) {
    if (random() % 4 == 0 && ++n > 0) continue;
    arena.release(users[n].first);
    users[n] = users.back();
    users.pop_back();
  }
  while (arena.has_waste())
    arena.compact([&](const std::function<void(ReplyArena::Place&)>& change) {
      for (auto& [place, text] : users) change(place);
    });
  check_all();
  for (int n = 0; n < 10'000; ++n) {  // pages live again
    std::string text = "needle " + std::to_string(n);
    const auto place = arena.add(text);
    users.emplace_back(place, std::move(text));
  }
  check_all();
}

TEST_CASE("reply search: a text that many share is looked at once") {
  ReplyArena arena;
  std::vector<ReplyArena::Place> places;
  for (int n = 0; n < 100'000; ++n) places.push_back(arena.add("451 the same words, number " + std::to_string(n % 5)));
  ReplySearch search("number 3");
  int matched = 0;
  for (const auto place : places) matched += search.matches(arena, place) ? 1 : 0;
  CHECK(matched == 20'000);
  CHECK(search.looked_at() < 1'000);
}
