#include "services/delivery/tls/tls_reporter.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <atomic>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

// 2026-11-22 23:59:50 UTC
const WallTime before_midnight{std::chrono::seconds{1'795'391'990}};

TlsObservation seen(TlsResult result, std::string domain = "a.example", TlsPolicyKind kind = TlsPolicyKind::Sts) {
  return {std::move(domain), kind, {"version: STSv1", "mode: enforce", "mx: mx.a.example", "max_age: 86400"}, result, "mx.a.example", "192.0.2.1", "192.0.2.7",
          result == TlsResult::Success ? "" : "a reason\twith\ncontrols"};
}

struct World {
  io::DnsOutcome outcome = io::DnsOutcome::Found;
  std::string txt = "v=TLSRPTv1; rua=mailto:tls@a.example,https://r.example/x";
  std::uint16_t status = 201;
  bool disk_full = false;
  std::vector<spool::GeneratedMail> mails;
  std::vector<http::ClientRequest> posts;
};
Task<io::DnsAnswer<std::string>> txt_of(World& world) {
  io::DnsAnswer<std::string> answer;
  answer.outcome = world.outcome;
  if (world.outcome == io::DnsOutcome::Found) answer.records = {world.txt};
  co_return answer;
}
Task<Result<http::ClientAnswer, http::ClientError>> post_to(World& world, http::ClientRequest request) {
  world.posts.push_back(std::move(request));
  co_return http::ClientAnswer{world.status, "", ""};
}

struct Rig {
  io::Loop loop;
  io::Workers workers{1, 100};
  io::PosixDisk disk;
  io::TestFolder folder;
  ManualClock clock{before_midnight};
  telemetry::Log log{{.service = "deliver"}, std::make_unique<telemetry::MemorySink>(), clock};
  World world;
  TlsReporter::Send send = TlsReporter::Send::Reports;
  std::unique_ptr<TlsReporter> reporter;

  Rig() { restart(); }
  void restart() {
    reporter = std::make_unique<TlsReporter>(TlsReporter::Parts{
        .loop = loop, .workers = workers, .disk = disk, .file = folder / "tls-counts", .log = log, .clock = clock, .hostname = "mx.here.example",
        .settings = [this] { return TlsReporter::Settings{send, {"postmaster", "here.example"}}; },
        .txt = [this](const std::string& name, Deadline) {
          CHECK(name == "_smtp._tls.a.example");
          return txt_of(world);
        },
        .post = [this](http::ClientRequest request, Deadline) { return post_to(world, std::move(request)); },
        .generate = [this](const spool::GeneratedMail& mail) -> spool::SpoolResult<> {
          if (world.disk_full) return failure(spool::SpoolError{spool::SpoolFailure::NoSpace, "full"});
          world.mails.push_back(mail);
          return {};
        }});
    reporter->load();
  }
};

Task<void> rounds(Rig& rig, std::vector<std::function<void()>> between) {
  for (auto& change : between) {
    change();
    auto sending = rig.reporter->send_due();
    co_await std::move(sending);
    auto keeping = rig.reporter->keep();
    co_await std::move(keeping);
  }
}
void play(Rig& rig, std::vector<std::function<void()>> between) { io::run_to_end(rig.loop, rounds(rig, std::move(between))); }

std::string unpacked(const std::string& packed) {
  std::string out(100'000, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("a report leaves when its day is over, once, to every address, and outlives a restart before") {
  Rig rig;
  play(rig, {[&] {
               rig.reporter->count(seen(TlsResult::Success));
               rig.reporter->count(seen(TlsResult::CertificateExpired));
               rig.reporter->count(seen(TlsResult::CertificateExpired));
             },
             [&] { CHECK(rig.world.mails.empty()); },
             [&] {
               rig.restart();
               rig.clock.advance(20s);
               rig.reporter->count(seen(TlsResult::Success));  // of the new day
             },
             [&] { CHECK(rig.world.mails.size() == 1); }, [&] { rig.restart(); }});
  REQUIRE(rig.world.mails.size() == 1);
  REQUIRE(rig.world.posts.size() == 1);
  CHECK(rig.reporter->book().days().size() == 1);
  CHECK(rig.world.posts[0].content_type == "application/tlsrpt+gzip");
  CHECK(unpacked(rig.world.posts[0].body) ==
        R"({"organization-name":"mx.here.example","date-range":{"start-datetime":"2026-11-22T00:00:00Z","end-datetime":"2026-11-22T23:59:59Z"},)"
        R"("contact-info":"postmaster@here.example","report-id":"2026-11-22.a.example@mx.here.example","policies":[{"policy":{"policy-type":"sts",)"
        R"("policy-string":["version: STSv1","mode: enforce","mx: mx.a.example","max_age: 86400"],"policy-domain":"a.example","mx-host":["mx.a.example"]},)"
        R"("summary":{"total-successful-session-count":1,"total-failure-session-count":2},"failure-details":[{"result-type":"certificate-expired",)"
        R"("sending-mta-ip":"192.0.2.7","receiving-mx-hostname":"mx.a.example","receiving-ip":"192.0.2.1","failed-session-count":2,)"
        R"("failure-reason-code":"a reason with controls"}]}]})");
  const auto& mail = rig.world.mails[0];
  CHECK(mail.envelope.recipients[0].address.text() == "tls@a.example");
  CHECK(mail.envelope.recipients[0].notify.never);
  CHECK(mail.envelope.tls_wish == TlsWish::Waive);
  for (const char* field : {"TLS-Report-Domain: a.example\r\n", "TLS-Report-Submitter: mx.here.example\r\n", "TLS-Required: No\r\n", "report-type=\"tlsrpt\"",
                            "Content-Type: application/tlsrpt+gzip\r\n", "filename=\"mx.here.example!a.example!1795305600!1795391999.json.gz\""})
    CHECK_MESSAGE(mail.text.find(field) != std::string::npos, field);
}

TEST_CASE("a report's id follows from its domain and day") {
  const std::vector<TlsPolicyCount> none;
  const auto id = [&](std::string domain, int day) {
    const TlsReportFacts facts{std::move(domain), UtcDay{std::chrono::days{day}}, none, "mx.here.example", {"p", "here.example"}, before_midnight};
    return tls_report_mail(facts, {{"t", "a.example"}}, 1, 2).envelope.id;
  };
  CHECK(id("a.example", 1) == id("a.example", 1));
  CHECK(id("a.example", 1) != id("a.example", 2));
  CHECK(id("a.example", 1) != id("b.example", 1));
}

TEST_CASE("what cannot be sent now is sent later, for two days") {
  Rig rig;
  play(rig, {[&] { rig.reporter->count(seen(TlsResult::StarttlsNotSupported)); },
             [&] { rig.clock.advance(20s), rig.world.outcome = io::DnsOutcome::TemporaryFailure; },
             [&] { rig.world.outcome = io::DnsOutcome::Found, rig.world.disk_full = true; },
             [&] { CHECK(rig.world.mails.empty()); rig.world.disk_full = false; }});
  CHECK(rig.world.mails.size() == 1);
  CHECK(rig.reporter->book().days().empty());
  Rig late;
  play(late, {[&] { late.reporter->count(seen(TlsResult::StarttlsNotSupported)); },
              [&] { late.clock.advance(std::chrono::hours{72}), late.world.outcome = io::DnsOutcome::TemporaryFailure; }});
  CHECK(late.reporter->book().days().empty());
}

TEST_CASE("nobody who does not ask is told, and nobody when it is switched off") {
  Rig rig;
  rig.world.txt = "v=spf1 -all";
  play(rig, {[&] { rig.reporter->count(seen(TlsResult::Success)); }, [&] { rig.clock.advance(20s); }});
  CHECK(rig.world.mails.empty());
  CHECK(rig.reporter->book().days().empty());
  Rig off;
  off.send = TlsReporter::Send::Nothing;
  play(off, {[&] { off.reporter->count(seen(TlsResult::Success)); }, [&] { off.clock.advance(20s); }});
  CHECK(off.world.mails.empty());
  CHECK(off.reporter->book().days().size() == 1);  // to be looked at
}

TEST_CASE("the book of counts keeps its bounds, and its text") {
  TlsBook book;
  for (int n = 0; n < 100; ++n) {
    auto one = seen(TlsResult::ValidationFailure);
    one.address = "192.0.2." + std::to_string(n);
    book.count(one, before_midnight);
    one.policy = {"v" + std::to_string(n)};
    book.count(one, before_midnight);
  }
  const auto& policies = book.days().begin()->second.at("a.example");
  CHECK(policies.size() == TlsBook::most_policies);
  CHECK(policies[0].failed == 100);
  CHECK(policies[0].failures.size() == TlsBook::most_failures);
  for (int n = 0; n < 20; ++n) book.count(seen(TlsResult::Success), before_midnight + std::chrono::days{n});
  CHECK(book.days().size() == TlsBook::most_days);
  book.count(seen(TlsResult::Success), before_midnight - std::chrono::days{30});  // the clock was set back
  CHECK(book.days().size() == TlsBook::most_days);
  CHECK(book.days().begin()->second.at("a.example")[0].good == 1);
  const auto again = TlsBook::parse(book.text());
  CHECK(again.text() == book.text());
  for (const char* bad : {"", "x", "How TLS with other domains went, kept by Hikyaku (format 1)\nday\t2026-13-01\ndomain\ta\npolicy\tsts\t1\t1\n",
                          "How TLS with other domains went, kept by Hikyaku (format 1)\ndomain\ta\npolicy\tsts\t1\t1\n"})
    CHECK(TlsBook::parse(bad).days().empty());
}

namespace {
TlsBook large_book(int domains) {
  TlsBook book;
  for (int day = 0; day < 3; ++day)
    for (int n = 0; n < domains; ++n) book.count(seen(n % 3 == 0 ? TlsResult::ValidationFailure : TlsResult::Success, "d" + std::to_string(n) + ".example"), before_midnight + std::chrono::days{day});
  return book;
}

Task<void> count_turns(io::Loop& loop, const std::atomic<bool>& over, int& turns) {
  while (!over) {
    ++turns;
    co_await loop.yield();
  }
}
Task<void> keep_and_tell(Rig& rig, std::atomic<bool>& over) {
  auto keeping = rig.reporter->keep();
  co_await std::move(keeping);
  over = true;
}
Task<void> keep_beside(Rig& rig, int& turns) {
  std::atomic<bool> over = false;
  rig.loop.spawn(keep_and_tell(rig, over));
  auto counting = count_turns(rig.loop, over, turns);
  co_await std::move(counting);
}
}  // namespace

TEST_CASE("the book's text by pieces is the whole text, and what is counted between them tears no domain") {
  auto book = large_book(200);
  for (const std::size_t octets : {1UL, 100UL, 5'000UL, 10'000'000UL}) {
    std::string text;
    int pieces = 1;
    for (TlsBook::Place place; book.add_text(text, place, octets); ++pieces) {
    }
    CHECK(text == book.text());
    CHECK(pieces >= static_cast<int>(std::min<std::size_t>(text.size() / (octets + 1'000), 600)));
  }
  std::string text;
  int step = 0;
  for (TlsBook::Place place; book.add_text(text, place, 1); ++step) {
    if (step < 300) {
      book.count(seen(TlsResult::Success, "d" + std::to_string(step % 200) + ".example"), before_midnight + std::chrono::days{step % 3});
      book.count(seen(TlsResult::Success, "new" + std::to_string(step) + ".example"), before_midnight + std::chrono::days{step % 3});
    }
    if (step == 100) book.remove(std::chrono::floor<std::chrono::days>(before_midnight), "d5.example");
    if (step == 300)  // the first day goes while its place is behind, a new one comes
      for (int day = 3; day < 8; ++day) book.count(seen(TlsResult::Success), before_midnight + std::chrono::days{day});
  }
  const auto read = TlsBook::parse(text);
  CHECK(text.starts_with(read.text()));  // well formed, each day and domain once; the text has a day more than a book
  CHECK(read.days().size() == TlsBook::most_days);
  for (const auto& [day, domains] : read.days())
    for (int n = 0; n < 200; ++n)
      if (n != 5 && day < before_midnight + std::chrono::days{2}) CHECK(domains.contains("d" + std::to_string(n) + ".example"));
}

TEST_CASE("a full book is kept while others have the loop") {
  Rig rig;
  for (int n = 0; n < 4'000; ++n) rig.reporter->count(seen(TlsResult::ValidationFailure, "d" + std::to_string(n) + ".example"));
  int turns = 0;
  io::run_to_end(rig.loop, keep_beside(rig, turns));
  const auto octets = rig.reporter->book().text().size();
  CHECK(turns >= static_cast<int>(octets / (64 << 10)));
  CHECK(io::read_file(rig.disk, rig.folder / "tls-counts", 64 << 20) == rig.reporter->book().text());
}
