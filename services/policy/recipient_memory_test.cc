#include <doctest/doctest.h>

#include "services/policy/recipient_line.h"
#include "services/policy/recipient_memory.h"

namespace hikyaku::policy {
namespace {

using namespace std::chrono_literals;
using Verdict = RecipientVerdict;

const WallTime start{1'800'000'000s};
const std::string taro = "taro@inner.example", nobody = "nobody@inner.example", stranger = "stranger@inner.example", other = "a@other.example";

struct Rig {
  RecipientMemory memory{{.taken_for = 7 * 24h, .known_for = 60 * 24h, .unknown_for = 10min, .everybody_for = 24h, .away_for = 30s, .most = 1'000}};
  Verdict at(WallTime now, const std::string& user, Reach reach = Reach::Open, UnknownWhileAway otherwise = UnknownWhileAway::Accept) { return memory.judge(user, reach, otherwise, now); }
};

TEST_CASE("an answer counts for its period, then it is asked for anew") {
  Rig rig;
  CHECK(rig.at(start, taro) == Verdict::Ask);
  rig.memory.said(taro, RecipientSaid::Taken, start);
  rig.memory.said(nobody, RecipientSaid::Unknown, start);
  rig.memory.said(stranger, RecipientSaid::NotTold, start);
  CHECK(rig.at(start + 1s, taro) == Verdict::Accept);
  CHECK(rig.at(start + 7 * 24h - 1s, taro) == Verdict::Accept);
  CHECK(rig.at(start + 7 * 24h, taro) == Verdict::Ask);
  CHECK(rig.at(start + 10min - 1s, nobody) == Verdict::Refuse);
  CHECK(rig.at(start + 10min, nobody) == Verdict::Ask);
  CHECK(rig.at(start + 1s, stranger) == Verdict::Accept);
  CHECK(rig.at(start + 10min, stranger) == Verdict::Ask);
  CHECK(rig.at(start, other) == Verdict::Ask);
}

TEST_CASE("while the server is away nobody is refused for good, and who is known is taken") {
  Rig rig;
  rig.memory.said(taro, RecipientSaid::Taken, start);
  const auto later = start + 30 * 24h;
  rig.memory.said(nobody, RecipientSaid::Unknown, later);
  for (const auto reach : {Reach::Held, Reach::Open}) {
    if (reach == Reach::Open) rig.memory.away("inner.example", later);
    CHECK(rig.at(later, taro, reach) == Verdict::Accept);
    CHECK(rig.at(later, taro, reach, UnknownWhileAway::Defer) == Verdict::Accept);
    CHECK(rig.at(later, nobody, reach) == Verdict::Accept);
    CHECK(rig.at(later, nobody, reach, UnknownWhileAway::Defer) == Verdict::Defer);
    CHECK(rig.at(later, stranger, reach) == Verdict::Accept);
    CHECK(rig.at(later, stranger, reach, UnknownWhileAway::Defer) == Verdict::Defer);
  }
  CHECK(rig.at(start + 60 * 24h, taro, Reach::Held, UnknownWhileAway::Defer) == Verdict::Defer);
  CHECK(rig.at(later, other) == Verdict::Ask);
  CHECK(rig.at(later + 30s, stranger) == Verdict::Ask);
  rig.memory.away("inner.example", later + 40s);
  rig.memory.said(taro, RecipientSaid::Taken, later + 41s);
  CHECK(rig.at(later + 41s, stranger) == Verdict::Ask);
}

TEST_CASE("a server that takes everybody is not asked, for a day") {
  Rig rig;
  CHECK(rig.memory.wants_try(taro, start));
  rig.memory.tried("inner.example", false, start);
  CHECK_FALSE(rig.memory.wants_try(nobody, start));
  CHECK(rig.memory.wants_try(other, start));
  CHECK(rig.at(start, taro) == Verdict::Ask);
  CHECK(rig.memory.wants_try(taro, start + 24h));
  rig.memory.said(nobody, RecipientSaid::Unknown, start + 24h);
  rig.memory.tried("inner.example", true, start + 24h);
  CHECK(rig.at(start + 24h, nobody) == Verdict::Accept);
  CHECK(rig.at(start + 24h, stranger, Reach::Held, UnknownWhileAway::Defer) == Verdict::Accept);
  CHECK(rig.at(start + 48h, stranger) == Verdict::Ask);
}

TEST_CASE("the memory is bounded, and forgets what is over") {
  Rig rig;
  for (int i = 0; i < 3'000; ++i) rig.memory.said(std::to_string(i) + "@inner.example", RecipientSaid::Unknown, start + std::chrono::seconds{i});
  CHECK(rig.memory.users().size() == 1'000);
  CHECK(rig.at(start + 2'999s, "0@inner.example") == Verdict::Ask);
  CHECK(rig.at(start + 2'999s, "2999@inner.example") == Verdict::Refuse);
  rig.memory.said(taro, RecipientSaid::Taken, start);
  rig.memory.tend(start + 24h, 5'000);
  CHECK(rig.memory.users().size() == 1);  // whom a server took is known for long, whatever came beside him
  rig.memory.said(taro, RecipientSaid::Taken, start);
  rig.memory.said(nobody, RecipientSaid::Unknown, start);
  rig.memory.tend(start + 24h);
  CHECK(rig.memory.users().size() == 1);
  rig.memory.tend(start + 60 * 24h);
  CHECK(rig.memory.users().empty());
}

TEST_CASE("however many unknown users are asked for, those whom a server took stay known, and the newest answer too") {
  Rig rig;
  for (int i = 0; i < 900; ++i) rig.memory.said("t" + std::to_string(i) + "@inner.example", RecipientSaid::Taken, start);
  for (int i = 0; i < 5'000; ++i) {
    const auto now = start + 1s + std::chrono::seconds{i};
    rig.memory.said(std::to_string(i) + "@inner.example", RecipientSaid::Unknown, now);
    REQUIRE(rig.at(now, std::to_string(i) + "@inner.example") == Verdict::Refuse);
  }
  CHECK(rig.memory.users().size() == 1'000);
  for (int i = 0; i < 900; ++i) CHECK(rig.at(start + 10 * 24h, "t" + std::to_string(i) + "@inner.example", Reach::Held, UnknownWhileAway::Defer) == Verdict::Accept);
  // Full of those who were taken: an answer about another is kept all the same, and what is over among the others goes.
  for (int i = 0; i < 3'000; ++i) rig.memory.said("u" + std::to_string(i) + "@inner.example", RecipientSaid::Taken, start + 2h);
  rig.memory.said(nobody, RecipientSaid::Unknown, start + 2h);
  CHECK(rig.at(start + 2h, nobody) == Verdict::Refuse);
  rig.memory.tend(start + 3h);
  CHECK(rig.at(start + 3h, nobody) == Verdict::Ask);
  CHECK(rig.memory.users().size() <= 1'000);
}

TEST_CASE("what was learned is written and read again; a torn line is nothing") {
  std::string text(recipients_heading);
  text += '\n';
  text += recipient_line(UserLine{"ta ro%@inner.example", {RecipientSaid::Taken, start}});
  text += recipient_line(UserLine{nobody, {RecipientSaid::Unknown, start}});
  text += recipient_line(ServerLine{"inner.example", {false, start}});
  RecipientMemory memory;
  CHECK(restore(memory, text) == 0);
  CHECK(memory.judge("ta ro%@inner.example", Reach::Open, UnknownWhileAway::Defer, start) == Verdict::Accept);
  CHECK(memory.judge(nobody, Reach::Open, UnknownWhileAway::Defer, start) == Verdict::Refuse);
  CHECK_FALSE(memory.wants_try(taro, start));
  for (const std::string_view bad : {"", "t", "t a@b", "t a@b ", "t  1", "t a@b x", "t a@b 1 2", "x a@b 1", "ta@b 1", "t a%2@b 1", "t a@b -1", "t a@b 999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_recipient_line(bad));
  }
  CHECK_FALSE(parse_recipient_line("t " + std::string(3'000, 'a') + "@b 1"));
  RecipientMemory torn;
  CHECK(restore(torn, std::string_view(text).substr(0, text.size() - 1)) == 1);
  CHECK(restore(torn, "another heading\nt a@b 1\n") == 1);
}

}  // namespace
}  // namespace hikyaku::policy
