#include "services/directory/route_table.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/directory/directory.h"

namespace hikyaku::directory {

namespace {

// A pattern with '@' is compared with the whole address, one without with its domain.
bool matches_folded(std::string_view pattern, std::string_view whole) {
  if (pattern.find('@') == std::string_view::npos) return matches_pattern(pattern, whole.substr(whole.rfind('@') + 1));
  return matches_pattern(pattern, whole);
}

bool matches_folded_sender(const Route& route, std::string_view whole) {  // empty: the null sender
  if (route.sender.empty() || route.sender == "*") return true;
  if (whole.empty() || route.sender == "<>") return whole.empty() && route.sender == "<>";
  return matches_folded(route.sender, whole);
}

std::string folded_sender(const ReversePath& sender) { return sender.is_null() ? std::string() : fold(sender.address);
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && ascii_lower(pattern[p]) == ascii_lower(text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {  // let the last star take one octet more
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_recipient(const Route& route, const Address& recipient) { return matches_folded(route.pattern, fold(recipient)); }

bool matches_sender(const Route& route, const ReversePath& sender) {
  return matches_folded_sender(route, folded_sender(sender));
}

std::string_view covered_parent(std::string_view pattern) {
  if (!pattern.starts_with("*.") || pattern.find_first_of("*@", 1) != std::string_view::npos) return {};
  return pattern.substr(2);
}

RouteTable::RouteTable(const std::vector<Route>& rows, const std::optional<Route>& gateway) {
  rows_.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows_.push_back(std::make_shared<const Route>(rows[row]));
    senders_count_ = senders_count_ || !rows[row].sender.empty();
    if (rows[row].pattern.find('*') == std::string::npos) exact_[rows[row].pattern].push_back(row);
    else wildcards_.push_back(row);
  }
  if (gateway) gateway_ = std::make_shared<const Route>(*gateway);
}

std::size_t RouteTable::exact(const std::string& pattern, std::string_view sender) const {
  const auto found = exact_.find(pattern);
  if (found == exact_.end()) return rows_.size();
  const auto row = std::ranges::find_if(found->second, [&](std::size_t one) { return matches_folded_sender(*rows_[one], sender); });
  return row == found->second.end() ? rows_.size() : *row;
}

bool RouteTable::has_own_row(std::string_view domain, const ReversePath& sender) const {
  return exact(fold_domain(domain), folded_sender(sender)) < rows_.size();
}

bool RouteTable::matches(std::size_t row, std::string_view recipient, std::string_view sender) const {
  const auto& route = *rows_[row];
  if (!matches_folded_sender(route, sender)) return false;
  if (matches_folded(route.pattern, recipient)) return true;
  const auto parent = covered_parent(route.pattern);
  return !parent.empty() && parent == recipient.substr(recipient.rfind('@') + 1) && exact(std::string(parent), sender) == rows_.size();
}

RouteDecision RouteTable::find(const Address& recipient, const ReversePath& sender) const {
  const auto whole = fold(recipient);
  const auto from = senders_count_ ? folded_sender(sender) : std::string();
  auto best = std::min(exact(whole.substr(whole.rfind('@') + 1), from), exact(whole, from));
  for (const auto row : wildcards_) {
    if (row >= best) break;
    if (matches(row, whole, from)) best = row;
  }
  if (best == rows_.size()) return {gateway_, 0};
  return {rows_[best], best + 1};
}

}  // namespace hikyaku::directory
