// Mail for one silent destination whose periods differ: from the null sender, and of domains that rows name. Each is given up
// at the end of its own, with its last attempt then, and in between nobody asks the host more often than the rules say.
#include "services/delivery/schedule/simulation_words.h"

namespace {

struct Periods {
  Simulation world{11};
  SchedulerSettings settings = with_period(hours{24});
  WallTime start = world.now;
  std::map<std::string, std::vector<TraceId>> mail;  // by what it is

  explicit Periods(std::initializer_list<const char*> rows) {
    settings.retry.base.error_mail_period = hours{120};
    for (const char* row : rows) settings.retry.rows.push_back(*parse_retry_row(row));
    world.change_settings(settings);
    for (const char* domain : {"customer.example", "patient.example"}) world.served_by[domain] = "gw.example";
    gw().behave(start, dead);
  }
  Peer& gw() { return world.peer("gw.example"); }
  void accept(const std::string& what, const std::string& sender, const std::string& domain, int many = 50) {
    for (int n = 0; n < many; ++n) mail[what].push_back(world.accept(sender, {"r" + std::to_string(n)}, domain));
  }
  // All of `what` has expired, `period` after it came and at most ten seconds later: the least time between two probes.
  void ended(const std::string& what, Duration period) const {
    for (const auto& id : mail.at(what)) {
      CAPTURE(what);
      REQUIRE(world.ends.contains({id, 0}));
      CHECK(world.ends.at({id, 0}) == spool::Outcome::Expired);
      const Duration took = world.ended_at.at({id, 0}) - world.accepted_at.at({id, 0});
      CHECK(took >= period);
      CHECK(took <= period + seconds{11});
    }
  }
  [[nodiscard]] bool waits(const std::string& what) const {
    return std::ranges::none_of(mail.at(what), [&](const auto& id) { return world.ends.contains({id, 0}); });
  }
  void judge() {
    CHECK(world.early_ends == 0);
    CHECK(world.late_ends == 0);
    CHECK(world.counted_untried == 0);
    CHECK(world.check_owners().empty());
  }
};

}  // namespace

TEST_CASE("error mail outlives the ordinary mail's period: the host is not asked for it every ten seconds") {
  Periods one({});
  one.accept("ordinary", "s", "gw.example");
  one.accept("errors", "", "gw.example");
  one.world.run(one.start + hours{25});
  one.ended("ordinary", hours{24});
  CHECK(one.waits("errors"));
  const auto connects = one.gw().connects, reads = one.world.reads;
  one.world.run(one.start + hours{119});
  CHECK(one.waits("errors"));
  CHECK(one.gw().connects - connects <= 96);  // once an hour
  CHECK(one.world.reads - reads <= 96);
  for (const auto& id : one.mail.at("errors")) CHECK(one.world.spool.at(id).open.at(0).attempts <= 100);
  one.world.run(one.start + hours{121});
  one.ended("errors", hours{120});
  one.judge();
}

TEST_CASE("a domain's row shortens the period of all of its mail, whoever else uses the host") {
  Periods one({"customer.example unanswered period=2h"});
  one.accept("others", "s", "gw.example");
  one.accept("customer", "s", "customer.example");
  one.world.run(one.start + hours{3});
  one.ended("customer", hours{2});
  CHECK(one.waits("others"));
  one.world.run(one.start + hours{25});
  one.ended("others", hours{24});
  one.judge();
}

TEST_CASE("a domain's row lengthens the period, also for mail that comes while nothing answers, and over a restart") {
  Periods one({"patient.* * period=10d", "customer.example unanswered period=2h"});
  one.accept("patient", "s", "patient.example");
  one.accept("others", "s", "gw.example");
  one.world.run(one.start + hours{12});
  one.accept("late customer", "s", "customer.example");
  one.accept("late patient", "s", "patient.example");
  one.world.run(one.start + hours{13});
  one.world.stop(), one.world.start();
  one.world.run(one.start + hours{37});
  one.ended("others", hours{24});
  one.ended("late customer", hours{2});
  const auto connects = one.gw().connects;
  one.world.run(one.start + hours{10 * 24 - 1});
  CHECK(one.waits("patient"));
  CHECK(one.gw().connects - connects <= 204);
  one.world.run(one.start + hours{11 * 24});
  one.ended("patient", hours{240});
  one.ended("late patient", hours{240});
  one.judge();
}

TEST_CASE("what ends before the next probe gets that as its last attempt") {
  Periods one({"customer.example unanswered period=10m"});
  one.accept("others", "s", "gw.example");
  one.world.run(one.start + hours{10} + minutes{1});  // probed once an hour by now
  one.accept("customer", "s", "customer.example");
  one.world.run(one.world.now + minutes{12});
  one.ended("customer", minutes{10});
  one.judge();
}

TEST_CASE("a changed period counts for the backlog of a silent host, shorter and longer") {
  Periods one({});
  one.accept("others", "s", "gw.example");
  one.accept("customer", "s", "customer.example");
  one.world.run(one.start + hours{5});
  one.settings.retry.rows.push_back(*parse_retry_row("customer.example * period=6h"));
  one.world.stop();
  one.world.change_settings(one.settings);
  one.world.start();
  one.world.run(one.start + hours{7});
  one.ended("customer", hours{6});
  CHECK(one.waits("others"));
  one.world.run(one.start + hours{25});
  one.ended("others", hours{24});
  one.judge();
}

TEST_CASE("what a host refused by count, and then fell silent, ends with the period of silence, not with its turn as a probe") {
  Periods one({});
  one.settings.retry.base.refused_attempts = 9;
  one.world.change_settings(one.settings);
  one.gw().behave(one.start, {.kind = Behaviour::Kind::Refusing, .latency = 10ms});
  one.accept("mail", "s", "gw.example", 300);
  one.world.run(one.start + minutes{1});
  one.gw().behave(one.world.now, dead);
  CHECK(one.world.open_recipients() >= 50);  // a third of all
  one.world.run(one.start + hours{24} + minutes{1});
  CHECK(one.world.open_recipients() == 0);
  one.judge();
}
