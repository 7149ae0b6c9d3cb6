#include "services/dmarc_reports/reporter.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "io/test_loop.h"
#include "protocol/dmarc/report_mail.h"

using namespace hikyaku;
using namespace hikyaku::dmarc_reports;

namespace {

// 2026-11-22 23:59:50 UTC
const WallTime before_midnight{std::chrono::seconds{1'795'391'990}};

dmarc::PublishedPolicy policy_of(std::string domain, std::uint32_t interval = 86'400) { return {std::move(domain), "reject", "reject", "", "r", "r", "100", "0", "n", "", interval}; }
const IsTold nobody = [](std::string_view, unsigned) { return false; };
dmarc::ReportRow row_of(std::string address, std::string domain = "a.example") {
  return {std::move(address), 1, "none", "fail", "fail", {}, "", domain, domain, {{domain, "s", "fail", ""}}, {{domain, "mfrom", "fail", ""}}};
}

struct World {
  std::map<std::string, std::string> zone{{"_dmarc.a.example", "v=DMARC1; p=reject; rua=mailto:dmarc@a.example"}};
  bool dns_down = false, disk_full = false;
  std::vector<spool::GeneratedMail> mails;
};

Task<io::DnsAnswer<std::string>> txt_of(World& world, std::string name) {
  io::DnsAnswer<std::string> answer;
  const auto found = world.zone.find(name);
  answer.outcome = world.dns_down ? io::DnsOutcome::TemporaryFailure : found == world.zone.end() ? io::DnsOutcome::NoSuchName : io::DnsOutcome::Found;
  if (answer.outcome == io::DnsOutcome::Found) answer.records = {found->second};
  co_return answer;
}

struct Rig {
  io::Workers workers{1, 100};
  io::PosixDisk disk;
  io::TestFolder folder;
  ManualClock clock{before_midnight};
  telemetry::Log log{{.service = "deliver"}, std::make_unique<telemetry::MemorySink>(), clock};
  World world;
  DmarcReporter::Send send = DmarcReporter::Send::Reports;
  SeenStore store{disk, folder / "seen"};

  // A life of the reporter.
  void round() {
    io::Loop loop;
    DmarcReporter reporter(DmarcReporter::Parts{
        .loop = loop, .workers = workers, .disk = disk, .seen_folder = folder / "seen", .sent_file = folder / "sent", .suffix_list = folder / "none", .log = log, .clock = clock, .hostname = "mx.here.example",
        .settings = [this] { return DmarcReporter::Settings{send, {"postmaster", "here.example"}}; },
        .txt = [this](std::string name, Deadline) { return txt_of(world, std::move(name)); },
        .generate = [this](const spool::GeneratedMail& mail) -> spool::SpoolResult<> {
          if (world.disk_full) return failure(spool::SpoolError{spool::SpoolFailure::NoSpace, "full"});
          world.mails.push_back(mail);
          return {};
        }});
    io::run_to_end(loop, reporter.send_due());
  }
  void see(const std::string& domain, const std::string& address, std::uint32_t interval = 86'400) {
    store.add(policy_of(domain, interval), row_of(address, domain), clock.wall());
    REQUIRE(store.save(clock.wall()));
  }
  std::vector<std::string> recipients() const {
    std::vector<std::string> all;
    for (const auto& mail : world.mails) all.push_back(mail.envelope.recipients.front().address.text());
    return all;
  }
};
using Addresses = std::vector<std::string>;

}  // namespace

TEST_CASE("a report leaves when its day is over, once, over restarts, and is read by our own reader") {
  Rig rig;
  for (int n = 0; n < 3; ++n) rig.see("a.example", "192.0.2.7");
  rig.see("a.example", "192.0.2.8");
  rig.see("quiet.example", "192.0.2.9");
  rig.round();
  CHECK(rig.world.mails.empty());  // the day lasts
  rig.clock.advance(2min);
  rig.see("a.example", "192.0.2.10");  // of the new day
  rig.round();
  REQUIRE(rig.recipients() == Addresses{"dmarc@a.example"});
  rig.round();
  rig.round();
  CHECK(rig.world.mails.size() == 1);
  const auto& mail = rig.world.mails.front();
  CHECK(mail.envelope.reverse_path.is_null());
  for (const auto* part : {"From: postmaster@here.example\r\n", "Subject: Report Domain: a.example\r\n\tSubmitter: mx.here.example\r\n\tReport-ID: <2026-11-22.a.example@mx.here.example>\r\n", "Content-Type: application/gzip",
                           "filename=\"mx.here.example!a.example!1795305600!1795391999.xml.gz\""})
    CHECK_MESSAGE(mail.text.find(part) != std::string::npos, part);
  const auto report = dmarc::report_in_mail(mail.text);
  REQUIRE(report);
  CHECK(report->policy.domain == "a.example");
  CHECK(report->begin == 1'795'305'600);
  REQUIRE(report->rows.size() == 2);
  CHECK(report->rows[0].source_ip == "192.0.2.7");
  CHECK(report->rows[0].count == 3);
  CHECK(report->rows[1].count == 1);
}

namespace {

struct Told {
  std::string period;  // in hours of the day, "0+24"
  std::uint64_t messages;
  friend bool operator==(const Told&, const Told&) = default;
};

// What each report was about, oldest first.
std::vector<Told> told(const Rig& rig) {
  std::vector<Told> all;
  for (const auto& mail : rig.world.mails) {
    const auto report = dmarc::report_in_mail(mail.text);
    REQUIRE(report);
    std::uint64_t messages = 0;
    for (const auto& row : report->rows) messages += row.count;
    all.push_back({std::to_string(report->begin % 86'400 / 3'600) + "+" + std::to_string((report->end + 1 - report->begin) / 3'600), messages});
  }
  return all;
}

// A day with a message in each hour, and a round in each; then one on the next day.
std::vector<Told> told_of_a_day(std::uint32_t interval) {
  Rig rig;
  rig.clock.advance(11min);  // 00:10:50
  for (int hour = 0; hour < 24; ++hour) {
    rig.see("a.example", "192.0.2.7", interval);
    rig.round();
    rig.round();
    rig.clock.advance(1h);
  }
  rig.round();
  rig.round();
  return told(rig);
}

std::vector<Told> each(unsigned hours) {
  std::vector<Told> all;
  for (unsigned first = 0; first < 24; first += hours) all.push_back({std::to_string(first) + "+" + std::to_string(hours), hours});
  return all;
}

}  // namespace

TEST_CASE("reports come as often as ri= wants, between an hour and a day, and each message is in one") {
  for (const auto& [interval, hours] : std::map<std::uint32_t, unsigned>{{0, 1}, {60, 1}, {3'600, 1}, {3'601, 2}, {7'200, 2}, {18'000, 6}, {40'000, 12}, {43'200, 12}, {50'000, 24}, {86'400, 24}, {604'800, 24}, {4'294'967'295, 24}}) {
    CAPTURE(interval);
    CHECK(told_of_a_day(interval) == each(hours));
  }
}

TEST_CASE("a domain that changes its mind, and hours that nobody was told of in time, are in one report at the day's end") {
  Rig rig;
  rig.clock.advance(11min);
  rig.see("a.example", "192.0.2.7", 3'600);
  rig.clock.advance(1h);
  rig.round();
  CHECK(told(rig) == std::vector<Told>{{"0+1", 1}});
  rig.see("a.example", "192.0.2.7", 3'600);
  rig.world.disk_full = true;
  rig.clock.advance(1h);
  rig.round();  // of hour 1, in vain
  rig.world.disk_full = false;
  rig.see("a.example", "192.0.2.8", 86'400);
  rig.clock.advance(22h);
  rig.round();
  CHECK(told(rig) == std::vector<Told>{{"0+1", 1}, {"1+2", 2}});
  CHECK(rig.world.mails[0].envelope.id != rig.world.mails[1].envelope.id);
  rig.round();
  CHECK(rig.world.mails.size() == 2);
}

TEST_CASE("an hour is not over before reception has written it down, and others of its day wait") {
  Rig rig;
  rig.clock.advance(11min);
  rig.see("a.example", "192.0.2.7", 3'600);
  rig.see("quiet.example", "192.0.2.9");
  rig.world.zone["_dmarc.quiet.example"] = "v=DMARC1; p=none; rua=mailto:x@quiet.example";
  rig.clock.advance(49min + 30s);  // 01:00:20
  rig.round();
  CHECK(rig.world.mails.empty());
  rig.clock.advance(1min);
  rig.round();
  CHECK(rig.recipients() == Addresses{"dmarc@a.example"});
  CHECK(rig.world.mails[0].text.find("Report-ID: <2026-11-23T00+1.a.example@mx.here.example>") != std::string::npos);
  CHECK(rig.world.mails[0].text.find("\r\nfrom 2026-11-23T00 to 2026-11-23T01 (UTC)") != std::string::npos);
  rig.clock.advance(23h);
  rig.round();
  CHECK(rig.recipients() == Addresses{"dmarc@a.example", "x@quiet.example"});
}

TEST_CASE("no DNS and no disk are waited for, two days; then it is over") {
  Rig rig;
  rig.see("a.example", "192.0.2.7");
  rig.clock.advance(2min);
  rig.world.dns_down = true;
  rig.round();
  rig.world.dns_down = false, rig.world.disk_full = true;
  rig.round();
  CHECK(rig.world.mails.empty());
  rig.clock.advance(24h);
  rig.world.disk_full = false;
  rig.round();
  CHECK(rig.world.mails.size() == 1);
  Rig late;
  late.see("a.example", "192.0.2.7");
  late.clock.advance(72h);
  late.round();
  CHECK(late.world.mails.empty());
  Rig off;
  off.see("a.example", "192.0.2.7");
  off.clock.advance(2min);
  off.send = DmarcReporter::Send::Nothing;
  off.round();
  CHECK(off.world.mails.empty());
}

TEST_CASE("another's host takes reports only with its consent, which may name another address there") {
  struct Row {
    const char* name;
    std::map<std::string, std::string> zone;
    Addresses want;
  };
  const std::string asks = "v=DMARC1; p=none; rua=mailto:x@other.example";
  for (const auto& row : {
           Row{"no consent", {{"_dmarc.a.example", asks}}, {}},
           Row{"consent", {{"_dmarc.a.example", asks}, {"a.example._report._dmarc.other.example", "v=DMARC1"}}, {"x@other.example"}},
           Row{"what is no consent", {{"_dmarc.a.example", asks}, {"a.example._report._dmarc.other.example", "v=spf1 -all"}}, {}},
           Row{"another address there", {{"_dmarc.a.example", asks}, {"a.example._report._dmarc.other.example", "v=DMARC1; rua=mailto:y@other.example"}}, {"y@other.example"}},
           Row{"another address elsewhere", {{"_dmarc.a.example", asks}, {"a.example._report._dmarc.other.example", "v=DMARC1; rua=mailto:y@victim.example"}}, {"x@other.example"}},
           Row{"below it", {{"_dmarc.a.example", "v=DMARC1; p=none; rua=mailto:x@mail.a.example"}}, {"x@mail.a.example"}},
           Row{"two", {{"_dmarc.a.example", "v=DMARC1; p=none; rua=mailto:x@a.example,mailto:y@a.example"}}, {"x@a.example", "y@a.example"}},
           Row{"at most five", {{"_dmarc.a.example", "v=DMARC1; p=none; rua=mailto:1@a.example,mailto:2@a.example,mailto:3@a.example,mailto:4@a.example,mailto:5@a.example,mailto:6@a.example"}},
               {"1@a.example", "2@a.example", "3@a.example", "4@a.example", "5@a.example"}},
           Row{"not by https", {{"_dmarc.a.example", "v=DMARC1; p=none; rua=https://a.example/x"}}, {}},
           Row{"no rua", {{"_dmarc.a.example", "v=DMARC1; p=none"}}, {}},
           Row{"no record any more", {}, {}},
       }) {
    Rig rig;
    rig.world.zone = row.zone;
    rig.see("a.example", "192.0.2.7");
    rig.clock.advance(2min);
    rig.round();
    CHECK_MESSAGE(rig.recipients() == row.want, row.name);
  }
}

TEST_CASE("who takes no large reports is told how large it is") {
  Rig rig;
  rig.world.zone["_dmarc.a.example"] = "v=DMARC1; p=none; rua=mailto:x@a.example!100,mailto:y@a.example!1m";
  rig.see("a.example", "192.0.2.7");
  rig.clock.advance(2min);
  rig.round();
  REQUIRE(rig.recipients() == Addresses{"x@a.example", "y@a.example"});
  CHECK(rig.world.mails[0].text.find("Report-Size: ") != std::string::npos);
  CHECK(!dmarc::report_in_mail(rig.world.mails[0].text));
  CHECK(dmarc::report_in_mail(rig.world.mails[1].text));
}

TEST_CASE("what is beyond the bounds is counted, and torn lines are passed over") {
  Seen seen;
  const auto line = [](int n) {
    auto text = judged_line(policy_of("a.example"), row_of("2001:db8::" + std::to_string(n)));
    text.pop_back();
    return text;
  };
  for (std::size_t n = 0; n < most_rows_of_domain + 5; ++n) take_line(seen, line(static_cast<int>(n)), 0, nobody);
  take_line(seen, line(3), 0, nobody);
  take_line(seen, line(3).substr(10), 0, nobody);
  take_line(seen, "", 0, nobody);
  const auto& domain = seen.domains.at("a.example");
  CHECK(domain.rows.size() == most_rows_of_domain);
  CHECK(domain.unlisted == 5);
  const auto report = report_of(domain, Period{UtcHour{std::chrono::days{20'000}}}, {"mx.here.example", {"p", "here.example"}});
  CHECK(report.errors.size() == 1);
  CHECK(report.rows.front().count == 2);
  Rig rig;
  rig.see("a.example", "192.0.2.7");
  SeenStore again(rig.disk, rig.folder / "seen");  // another life of reception
  again.add(policy_of("a.example"), row_of("192.0.2.8"), rig.clock.wall());
  REQUIRE(again.save(rig.clock.wall()));
  Seen gathered;
  REQUIRE(gather(gathered, rig.disk, rig.folder / "seen/2026-11-22T23", 23, nobody));
  CHECK(gathered.domains.at("a.example").rows.size() == 2);
  rig.clock.advance(5 * 24h);
  REQUIRE(again.save(rig.clock.wall()));
  CHECK(!rig.disk.info(rig.folder / "seen/2026-11-22T23"));
}

namespace {

// By xmllint (libxml2-utils), against RFC 7489 appendix C.
bool fits_the_schema(const std::string& folder, const std::string& xml) {
  const auto file = folder + "/report.xml";
  std::ofstream(file, std::ios::binary) << xml;
  return std::system(("xmllint --noout --schema protocol/dmarc/schema/aggregate_report.xsd " + file + " >/dev/null 2>&1").c_str()) == 0;
}

// Whatever a judged mail may have in it.
dmarc::AggregateReport report_of_everything() {
  Seen seen;
  auto policy = policy_of("a.example");
  policy.sp.clear(), policy.pct.clear(), policy.fo = "0:1:d:s", policy.np = "reject", policy.testing = "y";
  const auto see = [&](const dmarc::ReportRow& row) {
    auto line = judged_line(policy, row);
    line.pop_back();
    take_line(seen, line, 0, nobody);
  };
  for (const auto* address : {"192.0.2.7", "2001:db8::7", "::", "::1", "fe80::1:0:0:1", "::ffff:192.0.2.7", "2001:db8:1:2:3:4:5:6"}) see(row_of(address));
  auto row = row_of("192.0.2.8");
  row.reasons = {{"local_policy", ""}, {"sampled_out", ""}, {"other", "t=y"}};
  row.envelope_from.clear(), row.header_from = "a<&>\"b.example";
  row.dkim_results.clear();
  for (const auto* result : {"pass", "fail", "policy", "neutral", "temperror", "permerror"}) row.dkim_results.push_back({"", "", result, ""});
  for (const auto* disposition : {"none", "quarantine", "reject"}) see((row.disposition = disposition, row));
  for (const auto* result : {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"})
    for (const auto* scope : {"mfrom", "helo"}) see((row.spf_results = {{"", scope, result, ""}}, row));
  row.header_from = "bytes\xff\x80.example";
  see(row);
  auto& domain = seen.domains.at("a.example");
  domain.unlisted = 7;
  return report_of(domain, Period{UtcHour{std::chrono::days{20'000}}}, {"mx.here.example", {"p", "here.example"}});
}

}  // namespace

TEST_CASE("reports are as the schema wants them (RFC 7489 appendix C)") {
  const io::TestFolder folder;
  if (std::system("xmllint --version >/dev/null 2>&1") != 0) return;
  const auto report = report_of_everything();
  const auto fits = [&](const dmarc::AggregateReport& one) { return fits_the_schema(folder / "", dmarc::report_xml(one, dmarc::Schema::Rfc7489)); };
  REQUIRE(report.rows.size() == 7 + 3 + 14 + 1);
  CHECK(fits(report));
  // The schema, as it stands there, refuses what it should.
  using Spoil = void (*)(dmarc::AggregateReport&);
  for (const Spoil spoil : {Spoil([](auto& one) { one.rows[0].source_ip = "2001:db8::7"; }), Spoil([](auto& one) { one.rows[0].spf_results.clear(); }), Spoil([](auto& one) { one.rows[0].disposition = "junk"; }),
                            Spoil([](auto& one) { one.rows[0].dkim = ""; }), Spoil([](auto& one) { one.rows[0].spf_results[0].scope = "pra"; }), Spoil([](auto& one) { one.rows[0].reasons = {{"because", ""}}; }),
                            Spoil([](auto& one) { one.rows.clear(); }), Spoil([](auto& one) { one.policy.p = ""; }), Spoil([](auto& one) { one.version = "one"; })}) {
    auto spoilt = report;
    spoil(spoilt);
    CHECK_FALSE(fits(spoilt));
  }
}
