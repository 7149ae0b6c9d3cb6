#include "services/dmarc_reports/reporter.h"

#include <bit>
#include <charconv>
#include <cstdio>

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
constexpr std::string_view everybody = "*";
constexpr Duration settle_time = 1min;  // after an hour; reception writes what it saw every few seconds
constexpr unsigned lengths[] = {1, 2, 3, 4, 6, 8, 12};  // of periods, in hours; else a day

// ri= (RFC 7489 §6.3), at least an hour and at most a day, as the next part that divides a day.
unsigned hours_wanted(std::uint32_t seconds) {
  for (const auto hours : lengths)
    if (seconds <= hours * 3'600) return hours;
  return hours_of_day;
}

UtcHour hour_of(UtcDay day, unsigned hour) { return UtcHour(day) + std::chrono::hours(hour); }

// A day of which something was told already: what is left, from the first hour in which anything came to the last.
Period period_of(UtcDay day, Hours told, Hours seen) {
  if (told == 0 || seen == 0) return {UtcHour(day), hours_of_day};
  const auto first = static_cast<unsigned>(std::countr_zero(seen));
  return {hour_of(day, first), static_cast<unsigned>(std::bit_width(seen)) - first};
}

std::string hours_text(Hours hours) {
  char text[9];
  std::snprintf(text, sizeof text, "%06x", hours);
  return text;
}

// "ff0000"; without it the whole day, as earlier versions wrote it.
std::optional<Hours> parse_hours(std::string_view text) {
  Hours hours = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), hours, 16);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || hours == 0 || hours > whole_day) return std::nullopt;
  return hours;
}

std::string domain_of(const dmarc::ReportUri& uri) { return ascii_lower(std::string_view(uri.address).substr(uri.address.rfind('@') + 1)); }
bool is_below(std::string_view name, std::string_view domain) { return name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.'; }

}  // namespace

void DmarcReporter::load() {
  if (loaded_) return;
  loaded_ = true;
  if (const auto text = io::read_file(parts_.disk, parts_.suffix_list, most_file_octets)) suffixes_ = dmarc::PublicSuffixList::parse(*text);
  const auto text = io::read_file(parts_.disk, parts_.sent_file, most_file_octets);
  if (!text) return;
  for (std::string_view rest = *text; !rest.empty() && told_.size() < most_remembered;) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.size() <= 11 || line[10] != '\t') continue;
    const auto day = parse_day_name(line.substr(0, 10));
    const auto tab = line.find('\t', 11);
    const auto hours = tab == std::string_view::npos ? std::optional(whole_day) : parse_hours(line.substr(tab + 1));
    if (day && hours) told_[{*day, std::string(line.substr(11, tab - 11))}] |= *hours;
  }
}

// Days whose files are gone need no memory.
void DmarcReporter::keep() {
  const auto oldest = std::chrono::floor<std::chrono::days>(parts_.clock.wall()) - kept_days - std::chrono::days{1};
  std::erase_if(told_, [&](const auto& one) { return one.first.first < oldest; });
  std::string text;
  for (const auto& [of, hours] : told_) text += day_name(of.first) + '\t' + of.second + (hours == whole_day ? "" : '\t' + hours_text(hours)) + '\n';
  if (const auto written = io::replace_file(parts_.disk, parts_.sent_file, text); !written) parts_.log.write(telemetry::events::storage_trouble, {.reason = written.error().what});
  else unkept_ = 0;
}

void DmarcReporter::remember(UtcDay day, std::string_view domain, Hours hours) {
  told_[{day, std::string(domain)}] |= hours;
  ++unkept_;
}

Hours DmarcReporter::told(UtcDay day, std::string_view domain) const {
  const auto found = told_.find(std::pair(day, std::string(domain)));
  return found == told_.end() ? 0 : found->second;
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

Task<DmarcReporter::Sent> DmarcReporter::report(const DomainSeen& seen, Period period) {
  auto finding = destinations(seen.policy.domain);
  const auto found = co_await std::move(finding);
  if (!found) co_return Sent::Later;
  if (found->empty()) co_return Sent::Done;  // nobody wants it
  const Reporter by{parts_.hostname, parts_.settings().contact, parts_.node, parts_.journal, parts_.clock.wall()};
  dmarc::AggregateReport report;
  auto making = parts_.workers.run(parts_.loop, [&] {
    report = report_of(seen, period, by);
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

Task<void> DmarcReporter::keep_told() {
  auto keeping = parts_.workers.run(parts_.loop, [this] { keep(); });
  const auto kept = co_await std::move(keeping);
  (void)kept;  // all workers are busy: the next time
}

Task<std::optional<Seen>> DmarcReporter::gathered(Part part, Files files) {
  Seen seen;
  const IsTold is_told = [this, part](std::string_view domain, unsigned hour) { return (told(part.day, domain) & hours_from(hour, 1)) != 0; };
  auto work = parts_.workers.run(parts_.loop, [&]() -> io::DiskResult<> {
    for (const auto& [hour, name] : files)
      if (hour >= part.first && hour < part.first + part.hours) TRY_VOID(gather(seen, parts_.disk, parts_.seen_folder + "/" + name, hour, is_told));
    return {};
  });
  const auto ran = co_await std::move(work);
  if (!ran || !*ran) co_return std::nullopt;
  co_return seen;
}

Task<bool> DmarcReporter::report_part(Part part, Files files, Whom whom) {
  auto gathering = gathered(part, std::move(files));
  const auto seen = co_await std::move(gathering);
  if (!seen) co_return false;
  bool all = true;
  for (const auto& [domain, what] : seen->domains) {
    if (parts_.loop.stopping()) co_return false;
    if (whom == Whom::OfThisLength && hours_wanted(what.policy.interval_seconds) != part.hours) continue;
    const auto period = part.hours == hours_of_day ? period_of(part.day, told(part.day, domain), what.hours) : Period{hour_of(part.day, part.first), part.hours};
    auto reporting = report(what, period);
    const auto sent = co_await std::move(reporting);
    if (sent == Sent::Later) {
      all = false;
      continue;
    }
    remember(part.day, domain, hours_from(part.first, part.hours));
    if (unkept_ < most_unkept) continue;
    auto keeping = keep_told();
    co_await std::move(keeping);
  }
  co_return all;
}

Task<void> DmarcReporter::report_day(UtcDay day, Files files) {
  auto reporting = report_part({day}, std::move(files), Whom::All);
  const bool all = co_await std::move(reporting);
  if (all) remember(day, everybody, whole_day);
  auto keeping = keep_told();
  co_await std::move(keeping);
}

Task<void> DmarcReporter::report_hours(UtcDay day, Files files, unsigned over) {
  for (const auto& [hour, name] : files) {
    if (hour >= over || lengths_.contains(hour_of(day, hour))) continue;
    auto gathering = gathered({day, hour, 1}, files);
    const auto seen = co_await std::move(gathering);
    if (!seen) co_return;
    auto& wanted = lengths_[hour_of(day, hour)];
    for (const auto& [domain, what] : seen->domains) wanted |= hours_from(hours_wanted(what.policy.interval_seconds) - 1, 1);
  }
  for (const auto length : lengths)
    for (unsigned first = 0; first + length <= over; first += length) {
      const auto begin = hour_of(day, first);
      bool wanted = false;
      for (auto one = lengths_.lower_bound(begin); one != lengths_.end() && one->first < begin + std::chrono::hours(length); ++one) wanted |= (one->second & hours_from(length - 1, 1)) != 0;
      if (!wanted || done_.contains({begin, length})) continue;
      auto reporting = report_part({day, first, length}, files, Whom::OfThisLength);
      const bool all = co_await std::move(reporting);
      if (all) done_.emplace(begin, length);
    }
  if (unkept_ == 0) co_return;
  auto keeping = keep_told();
  co_await std::move(keeping);
}

Task<void> DmarcReporter::send_due() {
  auto loading = parts_.workers.run(parts_.loop, [this] {
    load();
    return parts_.disk.list(parts_.seen_folder);
  });
  const auto listed = co_await std::move(loading);
  if (!listed || !*listed || parts_.settings().send == Send::Nothing) co_return;
  const auto settled = parts_.clock.wall() - settle_time;
  const auto today = std::chrono::floor<std::chrono::days>(settled);
  std::map<UtcDay, Files> days;
  for (const auto& name : **listed)
    if (const auto hour = parse_hour_name(name)) {
      const auto day = std::chrono::floor<std::chrono::days>(*hour);
      days[day].try_emplace(static_cast<unsigned>((*hour - day).count()), name);
    }
  std::erase_if(lengths_, [today](const auto& one) { return one.first < today; });
  std::erase_if(done_, [today](const auto& one) { return one.first < today; });
  for (auto& [day, files] : days) {
    if (day > today || day + tried_for < today || told(day, everybody) == whole_day) continue;
    const auto over = static_cast<unsigned>((std::chrono::floor<std::chrono::hours>(settled) - today).count());
    auto reporting = day < today ? report_day(day, std::move(files)) : report_hours(day, std::move(files), over);
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
