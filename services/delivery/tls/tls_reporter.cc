#include "services/delivery/tls/tls_reporter.h"

#include "protocol/smtp/address.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration keep_pause = 10s, dns_time = 10s, post_time = 60s;
constexpr std::size_t octets_of_a_step = 64 << 10;  // of text: less than a millisecond of the loop
constexpr int keeps_of_a_round = 60;  // between two looks at what is due
constexpr std::uint64_t most_file_octets = 64 << 20;
constexpr std::chrono::days tried_for{2};

}  // namespace

void TlsReporter::load() {
  if (const auto text = io::read_file(parts_.disk, parts_.file, most_file_octets)) book_ = TlsBook::parse(*text);
  kept_ = book_.version();
}

Task<void> TlsReporter::keep() {
  if (kept_ == book_.version()) co_return;
  const auto version = book_.version();
  std::vector<std::string> pieces(1);
  for (TlsBook::Place place; book_.add_text(pieces.back(), place, octets_of_a_step);) {
    pieces.emplace_back();
    co_await parts_.loop.yield();
  }
  auto work = parts_.workers.run(parts_.loop, [this, &pieces] {
    std::string text;
    for (const auto& piece : pieces) text += piece;
    return io::replace_file(parts_.disk, parts_.file, text);
  });
  const auto ran = co_await std::move(work);
  if (ran && *ran) kept_ = version;
  else if (ran) parts_.log.write(telemetry::events::storage_trouble, {.reason = ran->error().what});
}

Task<bool> TlsReporter::post(const TlsReportFacts& facts, std::vector<std::string> uris) {
  bool taken = false;
  for (const auto& uri : uris) {
    auto request = http::https_request_to(uri);
    if (!request) continue;
    request->content_type = "application/tlsrpt+gzip";
    request->body = gzip(tls_report_json(facts));
    auto posting = parts_.post(std::move(*request), parts_.loop.after(post_time));
    const auto answer = co_await std::move(posting);
    const bool good = answer && answer->status >= 200 && answer->status < 300;
    taken = taken || good;
    if (good) continue;
    const std::string why = answer ? "the answer was " + std::to_string(answer->status) : answer.error().what;
    parts_.log.write(telemetry::events::tls_report_failed, {.destination = facts.domain, .reason = why});
  }
  co_return taken;
}

Task<TlsReporter::Sent> TlsReporter::deliver(TlsReportFacts facts, tls_policy::ReportAddresses addresses) {
  std::vector<Address> to;
  for (const auto& text : addresses.mail)
    if (auto address = smtp::parse_address(text)) to.push_back(std::move(*address));
  const bool by_mail = !to.empty(), by_post = !addresses.https.empty();
  if (by_mail) {
    const auto mail = tls_report_mail(facts, to, parts_.node, parts_.journal);
    auto work = parts_.workers.run(parts_.loop, [this, &mail] { return parts_.generate(mail); });
    const auto ran = co_await std::move(work);
    if (ran && !*ran) parts_.log.write(telemetry::events::storage_trouble, {.reason = ran->error().what});
    if (!ran || !*ran) co_return Sent::Later;
    const std::string sender = facts.contact.text(), first = to.front().text();
    parts_.log.write(telemetry::events::mail_generated, {.message = mail.envelope.id, .sender = sender, .recipient = first, .destination = facts.domain});
  }
  auto posting = post(facts, std::move(addresses.https));
  const bool posted = co_await std::move(posting);
  co_return by_mail || posted || !by_post ? Sent::Done : Sent::Later;
}

Task<TlsReporter::Sent> TlsReporter::report(UtcDay day, std::string domain, Settings settings) {
  auto asking = parts_.txt("_smtp._tls." + domain, parts_.loop.after(dns_time));
  const auto records = co_await std::move(asking);
  if (records.outcome == io::DnsOutcome::TemporaryFailure || records.outcome == io::DnsOutcome::Bogus) co_return Sent::Later;
  auto addresses = records.outcome == io::DnsOutcome::Found ? tls_policy::read_report_addresses(records.records) : std::nullopt;
  if (!addresses) co_return Sent::Done;  // nobody wants it
  const auto found = book_.days().find(day);
  if (found == book_.days().end() || !found->second.contains(domain)) co_return Sent::Done;
  const auto policies = found->second.at(domain);  // a day that is over is counted no more
  auto delivering = deliver({domain, day, policies, parts_.hostname, settings.contact, parts_.clock.wall()}, std::move(*addresses));
  const auto sent = co_await std::move(delivering);
  co_return sent;
}

Task<void> TlsReporter::send_due() {
  const auto settings = parts_.settings();
  const auto today = std::chrono::floor<std::chrono::days>(parts_.clock.wall());
  std::vector<std::pair<UtcDay, std::string>> due;
  for (const auto& [day, domains] : book_.days())
    if (day < today)
      for (const auto& [domain, policies] : domains) due.emplace_back(day, domain);
  for (const auto& [day, domain] : due) {
    if (parts_.loop.stopping()) co_return;
    auto sent = Sent::Later;
    if (settings.send == Send::Reports) {
      auto reporting = report(day, domain, settings);
      sent = co_await std::move(reporting);
    }
    if (sent == Sent::Later && today - day <= tried_for) continue;
    book_.remove(day, domain);
    auto keeping = keep();
    co_await std::move(keeping);
  }
}

Task<void> TlsReporter::run() {
  for (int round = 0; !parts_.loop.stopping(); ++round) {
    if (round % keeps_of_a_round == 0) {
      auto sending = send_due();
      co_await std::move(sending);
    }
    auto keeping = keep();
    co_await std::move(keeping);
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(keep_pause));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::delivery
