#include "services/delivery/route_change.h"

#include <algorithm>

#include "services/directory/route_table.h"

namespace hikyaku::delivery {
namespace {

// Whether a row of `pattern` can match some address of the domain.
bool can_match(std::string_view pattern, std::string_view domain) {
  if (const auto at = pattern.rfind('@'); at != std::string_view::npos) pattern.remove_prefix(at + 1);
  return directory::matches_pattern(pattern, domain) || directory::covered_parent(pattern) == domain;
}

}  // namespace

RouteChange::RouteChange(const directory::Contents& before, const directory::Contents& after) {
  everywhere_ = before.gateway != after.gateway || before.forward_all != after.forward_all || before.domains != after.domains;
  any_ = everywhere_ || before.routes != after.routes;
  if (everywhere_ || !any_) return;
  // What is the same at both ends of the table has not changed.
  const auto& a = before.routes;
  const auto& b = after.routes;
  std::size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (tail + head < a.size() && tail + head < b.size() && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  for (const auto* rows : {&a, &b})
    for (std::size_t row = head; row + tail < rows->size(); ++row) patterns_.push_back((*rows)[row].pattern);
}

bool RouteChange::concerns(std::string_view key) const {
  if (!any_) return false;
  if (everywhere_ || !key.starts_with("mx:") || key.find(',') != std::string_view::npos) return true;
  key.remove_prefix(3);
  return std::ranges::any_of(patterns_, [&](const std::string& pattern) { return can_match(pattern, key); });
}

}  // namespace hikyaku::delivery
