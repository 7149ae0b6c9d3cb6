#include "services/history/arrivals.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::history {

void ArrivalCount::keep_largest(Names& names, std::size_t most) {
  if (names.named.size() <= most) return;
  std::vector<std::uint64_t> counts;
  counts.reserve(names.named.size());
  for (const auto& [name, figures] : names.named) counts.push_back(figures.count);
  const auto nth = counts.begin() + static_cast<std::ptrdiff_t>(most);
  std::ranges::nth_element(counts, nth, std::greater<>());
  const auto below = *nth;
  auto equal = most - static_cast<std::size_t>(std::ranges::count_if(counts, [&](auto count) { return count > below; }));
  std::erase_if(names.named, [&](const auto& one) {
    if (one.second.count > below || (one.second.count == below && equal > 0 && equal-- > 0)) return false;
    add(names.others, one.second);
    return true;
  });
}

void ArrivalCount::count(Names& names, std::string_view name, const Figures& figures) {
  if (name.empty()) return add(names.others, figures);
  auto at = names.named.find(name);
  if (at == names.named.end()) {
    if (names.named.size() >= most_counted) keep_largest(names, most_counted / 2);
    at = names.named.emplace(name, Figures{}).first;
  }
  add(at->second, figures);
}

void ArrivalCount::arrived(const Envelope& envelope, const IsHere& is_here) {
  constexpr std::size_t most = 100;  // of one message
  const Figures one{1, envelope.body_octets, 0};
  std::vector<std::string> domains, mailboxes;
  const auto add_new = [](std::vector<std::string>& names, std::string name) {
    if (names.size() < most && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  for (const auto& recipient : envelope.recipients) {
    if (domains.size() >= most && (!is_here || mailboxes.size() >= most)) break;
    auto domain = ascii_lower(recipient.address.domain);
    if (is_here && is_here(domain)) add_new(mailboxes, ascii_lower(recipient.address.text()));
    add_new(domains, std::move(domain));
  }
  const std::lock_guard lock(mutex_);
  if (envelope.accepted_at <= counted_until_) return;
  latest_ = std::max(latest_, envelope.accepted_at);
  auto hour = std::chrono::floor<std::chrono::hours>(envelope.accepted_at);
  if (!hours_.contains(hour)) {
    if (hours_.size() >= most_hours) hour = std::chrono::floor<std::chrono::hours>(hours_.rbegin()->first);
    for (auto& [at, other] : hours_)
      for (const auto& [by, names] : other.named()) keep_largest(*names, most_named);
  }
  auto& into = hours_[hour];
  add(into.total, one);
  for (const auto& domain : domains) count(into.domains, domain, one);
  for (const auto& mailbox : mailboxes) count(into.mailboxes, mailbox, one);
  count(into.senders, envelope.reverse_path.is_null() ? std::string("<>") : ascii_lower(envelope.reverse_path.text()), one);
  count(into.accounts, envelope.account, one);
}

// Of the hour's names only the largest stay.
void ArrivalCount::add_points(std::vector<Point>& points, Time at, Hour& hour) {
  points.push_back({at, {Place::Arrivals, Dimension::Total, {}}, hour.total});
  for (const auto& [by, names] : hour.named()) {
    keep_largest(*names, most_named);
    for (const auto& [name, figures] : names->named) points.push_back({at, {Place::Arrivals, by, name}, figures});
    if (names->others.count > 0) points.push_back({at, {Place::Arrivals, by, {}}, names->others});
  }
}

std::vector<Point> ArrivalCount::take(WallTime now, Which which) {
  const std::lock_guard lock(mutex_);
  std::vector<Point> points;
  const auto running = std::chrono::floor<std::chrono::hours>(now);
  const auto end = which == Which::All ? hours_.end() : hours_.lower_bound(running);
  for (auto one = hours_.begin(); one != end; ++one) add_points(points, one->first, one->second);
  hours_.erase(hours_.begin(), end);
  return points;
}

std::vector<Point> ArrivalCount::running(WallTime now) const {
  std::map<Time, Hour> hours;
  {
    const std::lock_guard lock(mutex_);
    hours.insert(hours_.lower_bound(std::chrono::floor<std::chrono::hours>(now)), hours_.end());
  }
  std::vector<Point> points;
  for (auto& [at, hour] : hours) add_points(points, at, hour);
  return points;
}

WallTime ArrivalCount::counted_until() const {
  const std::lock_guard lock(mutex_);
  return std::max(counted_until_, latest_);
}

}  // namespace hikyaku::history
