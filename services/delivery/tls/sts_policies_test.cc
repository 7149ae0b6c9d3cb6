#include "services/delivery/tls/sts_policies.h"

#include <doctest/doctest.h>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using tls_policy::StsMode;

namespace {

constexpr std::string_view enforce = "version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 86400\n";

// A domain whose record and policy a test sets, and what was asked of it.
struct Domain {
  std::vector<std::string> txt{"v=STSv1; id=1"};
  io::DnsOutcome outcome = io::DnsOutcome::Found;
  std::uint16_t status = 200;
  std::string media_type = "text/plain";
  std::string policy{enforce};
  std::optional<http::ClientFailure> failure;
  int fetches = 0;
};

Task<io::DnsAnswer<std::string>> txt_of(Domain& domain) {
  io::DnsAnswer<std::string> answer;
  answer.outcome = domain.outcome;
  if (domain.outcome == io::DnsOutcome::Found) answer.records = domain.txt;
  co_return answer;
}
Task<Result<http::ClientAnswer, http::ClientError>> fetch_of(io::Loop& loop, Domain& domain, http::ClientRequest request) {
  CHECK(request.url.host == "mta-sts.a.example");
  CHECK(request.url.target == "/.well-known/mta-sts.txt");
  ++domain.fetches;
  co_await loop.sleep_until(loop.after(5ms));
  if (domain.failure) co_return failure(http::ClientError{*domain.failure, "no"});
  co_return http::ClientAnswer{domain.status, domain.media_type, domain.policy};
}

struct Rig {
  io::Loop loop;
  io::Workers workers{1, 100};
  io::PosixDisk disk;
  io::TestFolder folder;
  ManualClock clock;
  telemetry::Log log{{.service = "deliver"}, std::make_unique<telemetry::MemorySink>(), clock};
  Domain domain;
  bool enabled = true;
  std::unique_ptr<StsPolicies> policies;

  Rig() { restart(); }
  void restart() {
    policies = std::make_unique<StsPolicies>(StsPolicies::Parts{
        .loop = loop, .workers = workers, .disk = disk, .folder = folder / "mta-sts", .log = log, .clock = clock,
        .txt = [this](const std::string&, Deadline) { return txt_of(domain); },
        .fetch = [this](http::ClientRequest request, Deadline) { return fetch_of(loop, domain, std::move(request)); },
        .enabled = [this] { return enabled; }});
    policies->load();
  }
};

Task<void> ask(Rig& rig, StsAnswer& into) {
  auto asking = rig.policies->policy_for("a.example", rig.loop.after(10s));
  into = co_await std::move(asking);
}
Task<void> steps(Rig& rig, std::function<void(int, const StsAnswer&)> look, int count) {
  for (int step = 0; step < count; ++step) {
    StsAnswer answer;
    auto asking = ask(rig, answer);
    co_await std::move(asking);
    look(step, answer);
  }
}
// Asks `count` times; `look` sees each answer and may change the domain for the next.
void play(Rig& rig, int count, std::function<void(int, const StsAnswer&)> look) {
  io::run_to_end(rig.loop, steps(rig, std::move(look), count));
}

}  // namespace

TEST_CASE("a policy is fetched once, and again when its id changes") {
  Rig rig;
  play(rig, 4, [&](int step, const StsAnswer& answer) {
    REQUIRE(answer.known);
    CHECK(answer.known->policy.mode == (step < 2 ? StsMode::Enforce : StsMode::Testing));
    CHECK(rig.domain.fetches == (step < 2 ? 1 : 2));
    if (step == 1) rig.domain = {.txt = {"v=STSv1; id=2"}, .policy = "version: STSv1\nmode: testing\nmx: x.y\nmax_age: 86400\n", .fetches = 1};
  });
}

TEST_CASE("what is known counts without a record, without a policy host and after a restart, until its time is over") {
  Rig rig;
  play(rig, 6, [&](int step, const StsAnswer& answer) {
    if (step < 5) REQUIRE(answer.known);
    if (step == 0) rig.domain.outcome = io::DnsOutcome::NoSuchName;
    if (step == 1) rig.domain.outcome = io::DnsOutcome::TemporaryFailure;
    if (step == 2) rig.domain = {.txt = {"v=STSv1; id=2"}, .status = 404, .fetches = 1};
    if (step == 3) {
      CHECK(answer.known->id == "1");
      CHECK(answer.trouble == StsTrouble::Fetch);
      rig.domain.outcome = io::DnsOutcome::NoSuchName;
      rig.restart();
    }
    if (step == 4) rig.clock.advance(24h);
    if (step == 5) CHECK(!answer.known);
  });
  rig.restart();
  CHECK(rig.policies->size() == 0);
}

TEST_CASE("what cannot be had is told by its cause, and not asked for again at once") {
  const auto cause = [](const Domain& domain) {
    Rig rig;
    rig.domain = domain;
    StsTrouble trouble = StsTrouble::None;
    play(rig, 2, [&](int, const StsAnswer& answer) {
      CHECK(!answer.known);
      trouble = answer.trouble;
    });
    CHECK(rig.domain.fetches == 1);
    return trouble;
  };
  CHECK(cause({.status = 301}) == StsTrouble::Fetch);
  CHECK(cause({.failure = http::ClientFailure::NoAnswer}) == StsTrouble::Fetch);
  CHECK(cause({.failure = http::ClientFailure::Certificate}) == StsTrouble::Certificate);
  CHECK(cause({.media_type = "text/html"}) == StsTrouble::Invalid);
  CHECK(cause({.policy = "version: STSv1\n"}) == StsTrouble::Invalid);
}

TEST_CASE("without a record, or switched off, nothing is fetched") {
  Rig rig;
  rig.domain.txt = {"v=spf1 -all"};
  play(rig, 1, [&](int, const StsAnswer& answer) { CHECK(!answer.known); });
  CHECK(rig.domain.fetches == 0);
  Rig off;
  off.enabled = false;
  play(off, 1, [&](int, const StsAnswer& answer) { CHECK(!answer.known); });
  CHECK(off.domain.fetches == 0);
}

TEST_CASE("all who ask at once share one fetch") {
  Rig rig;
  StsAnswer first, second;
  rig.loop.spawn(ask(rig, first));
  io::run_to_end(rig.loop, ask(rig, second));
  CHECK(rig.domain.fetches == 1);
  CHECK(second.known);
}

namespace {

Task<void> two_days(Rig& rig) {
  StsAnswer answer;
  auto asking = ask(rig, answer);
  co_await std::move(asking);
  rig.clock.advance(11h);
  auto early = rig.policies->refresh();
  co_await std::move(early);
  CHECK(rig.domain.fetches == 1);
  rig.clock.advance(2h);  // more than half of a day
  rig.domain.outcome = io::DnsOutcome::NoSuchName;
  auto late = rig.policies->refresh();
  co_await std::move(late);
  CHECK(rig.domain.fetches == 2);
  rig.clock.advance(23h);
}

}  // namespace

TEST_CASE("a policy is fetched anew before its time is over, with or without its record") {
  Rig rig;
  io::run_to_end(rig.loop, two_days(rig));
  rig.restart();
  CHECK(rig.policies->size() == 1);
}

TEST_CASE("a policy's file: what is no such file is no policy") {
  const KnownPolicy known{"a.example", "7", WallTime{std::chrono::seconds{1'700'000'000}}, *tls_policy::parse_sts_policy(enforce), std::string(enforce)};
  const auto again = KnownPolicy::decode("a.example", known.encode());
  REQUIRE(again);
  CHECK(again->encode() == known.encode());
  CHECK(again->expires() == known.expires());
  for (std::size_t cut = 0; cut < known.encode().size() - 4; ++cut) {
    const auto part = KnownPolicy::decode("a.example", known.encode().substr(0, cut));
    if (part) CHECK(part->policy.max_age <= known.policy.max_age);  // cut inside the number
  }
  for (const char* bad : {"", "id: 1\nfetched: 2\n\nversion: STSv1\n", "MTA-STS policy, kept by Hikyaku (format 2)\nid: 1\nfetched: 2\n\n"})
    CHECK(!KnownPolicy::decode("a.example", bad));
  CHECK(policy_file("/x", "a.example") == "/x/a.example.policy");
  for (const std::string& bad : {std::string(), std::string(".."), std::string("a/b"), std::string("../a"), std::string(250, 'a')}) CHECK(!policy_file("/x", bad));
}
