#include "services/dmarc_reports/reporter.h"

#include "base/cursor.h"
#include "protocol/dmarc/report_mail.h"
#include "protocol/smtp/address.h"

namespace hikyaku::dmarc_reports {
namespace {

constexpr Duration look_interval = 10min, dns_time = 10s;
constexpr std::uint64_t most_file_octets = 64 << 20;
constexpr std::size_t most_unkept = 50;            // a crash repeats as many, whose ids are known
constexpr std::size_t most_destinations = 5;       // §6.2 asks for two at least
constexpr std::size_t most_remembered = 200'000;
constexpr std::chrono::days tried_for{2};
constexpr std::string_view whole_day = "*";

std::string domain_of(const dmarc::ReportUri& uri) { return ascii_lower(std::string_view(uri.address).substr(uri.address.rfind('@') + 1)); }
std::string mark_of(UtcDay day, std::string_view domain) { return day_name(day) + '\t' + std::string(domain); }
bool is_below(std::string_view name, std::string_view domain) { return name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.'; }

}  // namespace

void DmarcReporter::load() {
  if (loaded_) return;
  loaded_ = true;
  if (const auto text = io::read_file(parts_.disk, parts_.suffix_list, most_file_octets)) suffixes_ = dmarc::PublicSuffixList::parse(*text);
  const auto text = io::read_file(parts_.disk, parts_.sent_file, most_file_octets);
  if (!text) return;
  for (std::string_view rest = *text; !rest.empty() && sent_.size() < most_remembered;) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.size() > 11 && line[10] == '\t' && parse_day_name(line.substr(0, 10))) sent_.emplace(line);
  }
}

// Days whose files are gone need no memory.
void DmarcReporter::keep() {
  const auto oldest = day_name(std::chrono::floor<std::chrono::days>(parts_.clock.wall()) - kept_days - std::chrono::days{1});
  std::erase_if(sent_, [&](const auto& one) { return one.substr(0, 10) < oldest; });
  std::string text;
  for (const auto& one : sent_) text += one + '\n';
  if (const auto written = io::replace_file(parts_.disk, parts_.sent_file, text); !written) parts_.log.write(telemetry::events::storage_trouble, {.reason = written.error().what});
  else unkept_ = 0;
}

// What the two have in common decides whether consent is asked for; without a list of public suffixes only what stands below the other is of one house.
std::string DmarcReporter::organization_of(std::string_view domain, std::string_view other) const {
  if (suffixes_) return std::string(suffixes_->organizational_domain(domain).value_or(domain));
  return std::string(is_below(domain, other) ? other : domain);
}

// RFC 7489 §7.1: another's host takes reports only if it says so. Its record may name another address of the same host.
Task<bool> DmarcReporter::may_send_to(std::string domain, dmarc::ReportUri& uri) {
  const auto host = domain_of(uri);
  const auto name = dmarc::consent_name(domain, organization_of(domain, host), host, organization_of(host, domain));
  if (!name) co_return true;
  auto asking = parts_.txt(*name, parts_.loop.after(dns_time));
  const auto answer = co_await std::move(asking);
  if (answer.outcome != io::DnsOutcome::Found) co_return false;
  const auto consent = dmarc::read_consent(answer.records, host);
  if (consent.given && !consent.instead.empty()) uri = consent.instead.front();
  co_return consent.given;
}

Task<std::optional<std::vector<dmarc::ReportUri>>> DmarcReporter::destinations(std::string domain) {
  auto asking = parts_.txt("_dmarc." + domain, parts_.loop.after(dns_time));
  const auto answer = co_await std::move(asking);
  if (answer.outcome == io::DnsOutcome::TemporaryFailure || answer.outcome == io::DnsOutcome::Bogus) co_return std::nullopt;
  std::vector<dmarc::ReportUri> found;
  std::vector<std::string> records;
  for (const auto& text : answer.records)
    if (dmarc::is_dmarc_record(text)) records.push_back(text);
  const auto record = records.size() == 1 ? dmarc::parse_record(records.front()) : std::nullopt;  // §6.6.3: several are none
  if (!record) co_return found;
  for (auto uri : record->aggregate_uris) {
    if (found.size() >= most_destinations) break;
    auto permitting = may_send_to(domain, uri);
    const bool may = co_await std::move(permitting);
    if (may) found.push_back(std::move(uri));
  }
  co_return found;
}

Task<bool> DmarcReporter::write(spool::GeneratedMail mail) {
  auto work = parts_.workers.run(parts_.loop, [this, &mail] { return parts_.generate(mail); });
  const auto ran = co_await std::move(work);
  if (ran && !*ran) parts_.log.write(telemetry::events::storage_trouble, {.reason = ran->error().what});
  if (!ran || !*ran) co_return false;
  const std::string recipient = mail.envelope.recipients.front().address.text();
  parts_.log.write(telemetry::events::mail_generated, {.message = mail.envelope.id, .null_sender = true, .recipient = recipient});
  co_return true;
}

Task<DmarcReporter::Sent> DmarcReporter::report(const DomainSeen& seen, UtcDay day) {
  auto finding = destinations(seen.policy.domain);
  const auto found = co_await std::move(finding);
  if (!found) co_return Sent::Later;
  if (found->empty()) co_return Sent::Done;  // nobody wants it
  const Reporter by{parts_.hostname, parts_.settings().contact, parts_.node, parts_.journal, parts_.clock.wall()};
  dmarc::AggregateReport report;
  auto making = parts_.workers.run(parts_.loop, [&] {
    report = report_of(seen, day, by);
    return dmarc::pack_report(dmarc::report_xml(report, dmarc::Schema::Rfc7489));
  });
  const auto packed = co_await std::move(making);
  if (!packed) co_return Sent::Later;
  for (const auto& uri : *found) {
    const auto to = smtp::parse_address(uri.address);
    if (!to) continue;
    const bool fits = !uri.most_octets || packed->size() <= *uri.most_octets;
    auto writing = write(fits ? report_mail(report, *packed, *to, by) : too_large_mail(report, packed->size(), *to, by));
    const bool written = co_await std::move(writing);
    if (!written) co_return Sent::Later;
  }
  co_return Sent::Done;
}

Task<void> DmarcReporter::report_day(UtcDay day) {
  const auto path = parts_.seen_folder + "/" + day_name(day);
  auto work = parts_.workers.run(parts_.loop, [this, &path] { return gather(parts_.disk, path); });
  const auto gathered = co_await std::move(work);
  if (!gathered || !*gathered) co_return;
  bool all = true;
  for (const auto& [domain, seen] : (*gathered)->domains) {
    if (parts_.loop.stopping()) co_return;
    if (sent_.contains(mark_of(day, domain))) continue;
    auto reporting = report(seen, day);
    const auto sent = co_await std::move(reporting);
    if (sent == Sent::Later) {
      all = false;
      continue;
    }
    sent_.insert(mark_of(day, domain));
    if (++unkept_ < most_unkept) continue;
    auto keeping = parts_.workers.run(parts_.loop, [this] { keep(); });
    const auto kept = co_await std::move(keeping);
    (void)kept;
  }
  if (all) sent_.insert(mark_of(day, whole_day));
  auto keeping = parts_.workers.run(parts_.loop, [this] { keep(); });
  const auto kept = co_await std::move(keeping);
  (void)kept;
}

Task<void> DmarcReporter::send_due() {
  auto loading = parts_.workers.run(parts_.loop, [this] {
    load();
    return parts_.disk.list(parts_.seen_folder);
  });
  const auto listed = co_await std::move(loading);
  if (!listed || !*listed || parts_.settings().send == Send::Nothing) co_return;
  const auto today = std::chrono::floor<std::chrono::days>(parts_.clock.wall());
  for (const auto& name : **listed) {
    const auto day = parse_day_name(name);
    if (!day || *day >= today || *day + tried_for < today || sent_.contains(mark_of(*day, whole_day))) continue;
    auto reporting = report_day(*day);
    co_await std::move(reporting);
  }
}

Task<void> DmarcReporter::run() {
  while (!parts_.loop.stopping()) {
    auto sending = send_due();
    co_await std::move(sending);
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(look_interval));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::dmarc_reports
