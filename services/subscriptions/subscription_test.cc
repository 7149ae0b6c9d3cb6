#include "services/subscriptions/store.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::subscriptions;
using directory::AccessAction;

namespace {

const WallTime now{std::chrono::days{20'000}};
Subscription white() { return {.name = "white", .from = "https://lists.example/white.txt", .added = now}; }

struct Rig {
  io::SimulatedDisk disk;
  directory::DirectoryRig directory;
  SubscriptionStore store{disk, "subscriptions"};
  Rig() {
    REQUIRE(disk.make_folder("subscriptions"));
    REQUIRE(store.add(white()));
  }
  Refreshed take(std::string_view text, Accept accept = Accept::Small, int percent = 20) {
    auto taken = store.take(directory.editor, white(), text, percent, accept, now);
    REQUIRE_MESSAGE(taken, directory::why(taken));
    return *std::move(taken);
  }
  std::size_t rows(std::string_view source = "white") {
    const auto snapshot = directory.snapshot();
    return static_cast<std::size_t>(std::ranges::count(snapshot->contents().access, source, &directory::AccessRow::source));
  }
};

std::string list_of(int from, int to) {
  std::string text = "# a list\n";
  for (int n = from; n < to; ++n) text += "mail" + std::to_string(n) + ".a.example\n";
  return text;
}

}  // namespace

TEST_CASE("a subscription and its state come back from their files") {
  Rig rig;
  CHECK(rig.store.find("white") == white());
  CHECK(!rig.store.find("other"));
  CHECK(!rig.store.find("../white"));
  CHECK(parse_subscription(print(white())) == white());
  const State state{now, now - 1h, now - 2h, 7, 2, "the answer was 404"};
  CHECK(parse_state(print(state)) == state);
  const auto text = print(white());
  for (const auto* bad : {"", "hikyaku-subscription 1", "name\tx\n"}) CHECK(!parse_subscription(bad));
  for (const auto& [word, other] : {std::pair{"white\n", "wh/ite\n"}, {"https://", "http://"}, {"client", "nobody"}, {"allow", "maybe"}, {"86400", "5"}, {"86400", "99999999"}, {"86400", "x"}, {"name\t", "nome\t"}}) {
    auto changed = text;
    changed.replace(changed.find(word), std::string_view(word).size(), other);
    CHECK_MESSAGE(!parse_subscription(changed), word);
  }
  REQUIRE(rig.store.remove("white"));
  CHECK(!rig.store.find("white"));
}

TEST_CASE("what cannot be a subscription says why") {
  for (const auto& bad : {Subscription{.name = "", .from = "/x"}, Subscription{.name = "operator", .from = "/x"}, Subscription{.name = "refusals", .from = "/x"}, Subscription{.name = ".x", .from = "/x"}, Subscription{.name = "a b", .from = "/x"},
                          Subscription{.name = "x", .from = "x"}, Subscription{.name = "x", .from = "http://a.example/"}, Subscription{.name = "x", .from = "https://"}, Subscription{.name = "x", .from = "/a\nb"},
                          Subscription{.name = "x", .from = "/x", .every = 1s}, Subscription{.name = "x", .from = "/x", .every = std::chrono::hours{10'000}}, Subscription{.name = std::string(65, 'a'), .from = "/x"}})
    CHECK_MESSAGE(!why_no_subscription(bad).empty(), bad.name);
  CHECK(why_no_subscription(white()).empty());
}

TEST_CASE("a list comes into force as far as its change is small, and takes its rows along") {
  Rig rig;
  auto taken = rig.take(list_of(0, 50));
  CHECK(!taken.in_force);  // the first time a person looks
  CHECK(taken.change.added.size() == 50);
  CHECK(rig.rows() == 0);
  CHECK(rig.store.state("white").waits.find("50 rows") != std::string::npos);
  CHECK(rig.take(list_of(0, 50), Accept::Nothing).change.added.size() == 50);
  CHECK(rig.take(list_of(0, 50), Accept::Everything).in_force);
  CHECK(rig.rows() == 50);
  CHECK(rig.store.state("white").waits.empty());
  CHECK(rig.take(list_of(0, 50)).change.empty());
  taken = rig.take(list_of(5, 55));
  CHECK(taken.in_force);
  CHECK(taken.change.added.size() == 5);
  CHECK(taken.change.removed.size() == 5);
  CHECK(rig.rows() == 50);
  CHECK(!rig.take(list_of(20, 70)).in_force);
  CHECK(rig.rows() == 50);
  CHECK(rig.take(list_of(20, 70), Accept::Small, 100).in_force);
}

TEST_CASE("an empty list, an error page and a list of another kind change nothing unasked") {
  Rig rig;
  REQUIRE(rig.take(list_of(0, 8), Accept::Everything).in_force);
  CHECK(!rig.take("").in_force);
  CHECK(!rig.take("# nothing any more\n").in_force);
  CHECK(!rig.take("<!doctype html>\n<html><head><title>404 Not Found</title></head>\n<body>\n<p>This page is gone</p>\n</body></html>\n", Accept::Everything).in_force);
  CHECK(rig.rows() == 8);
  // Nobody subscribes to be told whom to refuse by a list of whom to let in, nor the other way round.
  const auto mixed = rig.take(list_of(0, 8) + "spam.example REJECT\n", Accept::Everything);
  CHECK(mixed.in_force);
  CHECK(mixed.bad == 1);
  CHECK(rig.rows() == 8);
  const auto snapshot = rig.directory.snapshot();
  for (const auto& row : snapshot->contents().access) CHECK(row.action == AccessAction::Allow);
}

TEST_CASE("the rows of others stay") {
  Rig rig;
  REQUIRE(rig.directory.editor.set_access({{.pattern = "mail1.a.example"}, {.pattern = "mine.example", .source = "other"}}));
  REQUIRE(rig.take(list_of(0, 3), Accept::Everything).in_force);
  REQUIRE(rig.take(list_of(1, 2), Accept::Everything).in_force);
  CHECK(rig.rows() == 1);
  CHECK(rig.rows("other") == 1);
  CHECK(rig.rows(std::string(directory::operator_source).c_str()) == 1);
}

TEST_CASE("what could not be had is tried again within the hour, and told") {
  Rig rig;
  State state;
  CHECK(is_due(white(), state, now));
  state = {.tried = now, .fetched = now};
  CHECK(!is_due(white(), state, now + 23h));
  CHECK(is_due(white(), state, now + 24h));
  rig.store.failed(white(), "the answer was 503", now);
  CHECK(rig.store.state("white").waits == "the answer was 503");
  CHECK(!is_due(white(), rig.store.state("white"), now + 59min));
  CHECK(is_due(white(), rig.store.state("white"), now + 1h));
  CHECK(is_due(white(), {.tried = now + 1h, .fetched = now + 1h}, now));  // the clock was set back
}
