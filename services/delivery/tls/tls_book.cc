#include "services/delivery/tls/tls_book.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/cursor.h"

namespace hikyaku::delivery {
namespace {

constexpr std::string_view heading = "How TLS with other domains went, kept by Hikyaku (format 1)";
constexpr std::size_t most_reason_octets = 200;

// One field of a line: no tab, no line end, no control.
std::string field(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, most_reason_octets)) out += is_ctl(c) ? ' ' : c;
  return out.empty() ? "-" : out;
}
std::string given(std::string_view field) { return field == "-" ? std::string() : std::string(field); }

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<UtcDay> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto y = number(text.substr(0, 4)), m = number(text.substr(5, 2)), d = number(text.substr(8, 2));
  if (!y || !m || !d) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*y)), std::chrono::month(static_cast<unsigned>(*m)), std::chrono::day(static_cast<unsigned>(*d))};
  return date.ok() ? std::optional(UtcDay(date)) : std::nullopt;
}

// The line of `policies` for it; null: there are too many.
TlsPolicyCount* row_of(std::vector<TlsPolicyCount>& policies, TlsPolicyKind kind, const std::vector<std::string>& policy) {
  const auto found = std::ranges::find_if(policies, [&](const auto& one) { return one.kind == kind && one.policy == policy; });
  if (found != policies.end()) return &*found;
  if (policies.size() >= TlsBook::most_policies) return nullptr;
  return &policies.emplace_back(TlsPolicyCount{kind, policy, 0, 0, {}});
}

void add_domain(std::string& out, const std::string& domain, const std::vector<TlsPolicyCount>& policies) {
  out += "domain\t" + field(domain) + '\n';
  for (const auto& one : policies) {
    out.append("policy\t").append(policy_kind_name(one.kind)).append("\t" + std::to_string(one.good) + '\t' + std::to_string(one.failed) + '\n');
    for (const auto& line : one.policy) out += "line\t" + field(line) + '\n';
    for (const auto& failed : one.failures)
      out.append("failed\t").append(result_name(failed.result)).append("\t" + std::to_string(failed.sessions) + '\t' + field(failed.host) + '\t' +
                                                                        field(failed.address) + '\t' + field(failed.source) + '\t' + field(failed.reason) + '\n');
  }
}

}  // namespace

std::string day_text(UtcDay day) {
  const std::chrono::year_month_day date(day);
  const auto two = [](unsigned value) { return std::string(value < 10 ? "0" : "") + std::to_string(value); };
  return std::to_string(static_cast<int>(date.year())) + '-' + two(static_cast<unsigned>(date.month())) + '-' + two(static_cast<unsigned>(date.day()));
}

void TlsBook::count(const TlsObservation& seen, WallTime now) {
  const UtcDay today = std::chrono::floor<std::chrono::days>(now);
  // Room first: after a clock was set back, today is the oldest.
  if (!days_.contains(today))
    while (days_.size() >= most_days) days_.erase(days_.begin());
  auto& day = days_[today];
  if (day.size() >= most_domains && !day.contains(seen.domain)) return;
  auto* row = row_of(day[seen.domain], seen.kind, seen.policy);
  if (row == nullptr) return;
  ++version_;
  if (seen.result == TlsResult::Success) return void(++row->good);
  ++row->failed;
  const auto known = std::ranges::find_if(row->failures, [&](const auto& one) {
    return one.result == seen.result && one.host == seen.host && one.address == seen.address && one.source == seen.source;
  });
  if (known != row->failures.end()) ++known->sessions;
  else if (row->failures.size() < most_failures)
    row->failures.push_back({seen.result, seen.host, seen.address, seen.source, seen.reason.substr(0, most_reason_octets), 1});
}

void TlsBook::remove(UtcDay day, const std::string& domain) {
  const auto found = days_.find(day);
  if (found == days_.end()) return;
  found->second.erase(domain);
  if (found->second.empty()) days_.erase(found);
  ++version_;
}

std::string TlsBook::text() const {
  std::string out;
  for (Place place; add_text(out, place, SIZE_MAX);) {
  }
  return out;
}

bool TlsBook::add_text(std::string& out, Place& place, std::size_t octets) const {
  const auto enough = octets > SIZE_MAX - out.size() ? SIZE_MAX : out.size() + octets;
  if (!place.begun_) out.append(heading) += '\n';
  place.begun_ = true;
  // Days and domains come and go between two calls: the place is what was written last, wherever that is now.
  for (auto day = place.done_ ? days_.lower_bound(place.done_->first) : days_.begin(); day != days_.end(); ++day) {
    const bool goes_on = place.done_ && place.done_->first == day->first;
    if (!goes_on) out += "day\t" + day_text(day->first) + '\n';
    for (auto domain = goes_on ? day->second.upper_bound(place.done_->second) : day->second.begin(); domain != day->second.end(); ++domain) {
      add_domain(out, domain->first, domain->second);
      place.done_ = {day->first, domain->first};
      if (out.size() >= enough) return true;
    }
  }
  return false;
}

TlsBook TlsBook::parse(std::string_view text) {
  TlsBook book;
  Day* day = nullptr;
  std::vector<TlsPolicyCount>* domain = nullptr;
  TlsPolicyCount* policy = nullptr;
  if (!text.starts_with(heading)) return book;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto fields = split(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (fields[0] == "day" && fields.size() == 2) {
      const auto date = parse_day(fields[1]);
      day = date && book.days_.size() < most_days ? &book.days_[*date] : nullptr;
      domain = nullptr;
      policy = nullptr;
    } else if (fields[0] == "domain" && fields.size() == 2) {
      domain = day != nullptr && day->size() < most_domains && !fields[1].empty() ? &(*day)[std::string(fields[1])] : nullptr;
      policy = nullptr;
    } else if (fields[0] == "policy" && fields.size() == 4) {
      const auto kind = parse_policy_kind(fields[1]);
      const auto good = number(fields[2]), failed = number(fields[3]);
      const bool sound = domain != nullptr && kind && good && failed && domain->size() < most_policies;
      policy = sound ? &domain->emplace_back(TlsPolicyCount{*kind, {}, *good, *failed, {}}) : nullptr;
    } else if (fields[0] == "line" && fields.size() == 2 && policy != nullptr && policy->policy.size() < 100) {
      policy->policy.emplace_back(given(fields[1]));
    } else if (fields[0] == "failed" && fields.size() == 7 && policy != nullptr && policy->failures.size() < most_failures) {
      const auto result = parse_result(fields[1]);
      const auto sessions = number(fields[2]);
      if (result && sessions) policy->failures.push_back({*result, given(fields[3]), given(fields[4]), given(fields[5]), given(fields[6]), *sessions});
    }
  }
  return book;
}

}  // namespace hikyaku::delivery
