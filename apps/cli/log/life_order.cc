#include "apps/cli/log/life_order.h"

#include <algorithm>
#include <compare>
#include <map>
#include <string_view>

#include "services/telemetry/events.h"

namespace hikyaku::cli {
namespace {

using telemetry::LogName;

bool is_of(std::string_view event, std::initializer_list<LogName> logs) {
  const auto* found = telemetry::find_event(event);
  return found != nullptr && std::ranges::find(logs, found->log) != logs.end();
}
bool is_reception(const LifeLine& line) { return is_of(line.event, {LogName::AcceptLog, LogName::InLog, LogName::ReceiveLog}); }
bool is_delivery(const LifeLine& line) { return is_of(line.event, {LogName::SenderLog, LogName::OutLog, LogName::OutLocalLog, LogName::FailLog}); }

}  // namespace

std::vector<LifeLine> in_life_order(std::vector<LifeLine> lines) {
  std::map<std::string_view, std::size_t> delivered;  // where delivery speaks of it first, or of a mail it became
  for (std::size_t n = 0; n < lines.size(); ++n) {
    if (is_delivery(lines[n])) delivered.try_emplace(lines[n].message, n);
    if (!lines[n].parent.empty()) delivered.try_emplace(lines[n].parent, n);
  }
  struct Place {
    std::size_t before = 0;
    bool stays = true;
    std::size_t line = 0;
    auto operator<=>(const Place&) const = default;
  };
  std::vector<Place> places;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    const auto first = is_reception(lines[n]) ? delivered.find(lines[n].message) : delivered.end();
    const bool moves = first != delivered.end() && first->second < n;
    places.push_back({moves ? first->second : n, !moves, n});
  }
  std::ranges::sort(places);
  std::vector<LifeLine> sorted;
  sorted.reserve(lines.size());
  for (const auto& place : places) sorted.push_back(std::move(lines[place.line]));
  return sorted;
}

}  // namespace hikyaku::cli
