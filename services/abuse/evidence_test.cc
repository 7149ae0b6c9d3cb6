#include "services/abuse/evidence.h"

#include <doctest/doctest.h>

#include "services/abuse/habits.h"

using namespace hikyaku;
using namespace hikyaku::abuse;

TEST_CASE("evidence: each sentence that habits say has its Japanese") {
  Habits habits;
  const AccountId ann{7};
  WallTime now{std::chrono::seconds{1'795'305'600}};
  (void)habits.logged_in(ann, "192.0.2.1", "JP", now);
  now += std::chrono::days{10};
  const auto one = habits.sent(ann, {"203.0.113.1", "a.b.example", "RU", 500, 300, 20}, {}, now);
  const auto first = evidence_in_japanese(one.because);
  CHECK(first == "1 時間に 500 宛先(過去 4 週間の最多は 0)、1 日の 800 宛先のうち 320 件が拒否された(他サーバによるもの 20 件)、使われたことのないネットワーク(203.0.0.0/16, b.example)から送信、使われたことのない国(RU)からの利用");
  (void)habits.sent(ann, {"204.0.113.1", "", "BR", 1}, {}, now);
  const auto second = evidence_in_japanese(habits.sent(ann, {"205.0.113.1", "", "", 1}, {}, now).because);
  CHECK(second.ends_with("1 日に新しいネットワーク 3 か所から送信、使われたことのない国(RU, BR)からの利用"));
}

TEST_CASE("evidence: what is no sentence of ours stays as it is") {
  for (const auto* other : {"", "; ", "contained by an operator", "recipients within an hour, were the most of four weeks", "5 recipients within an hour", "from a network that is new for it ("}) {
    const auto text = evidence_in_japanese(other);
    CHECK_MESSAGE((text == other || text == "、"), other);
  }
}
