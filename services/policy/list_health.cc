#include "services/policy/list_health.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"

namespace hikyaku::policy {
namespace {

constexpr std::array<std::string_view, 6> names{"unknown", "sound", "lists-everything", "lists-nothing", "not-for-us", "no-answer"};
constexpr std::size_t most_lists = 1'000;

// ::ffff:127.0.0.2 by nibbles (§5: lists of IPv6 addresses alone).
constexpr std::string_view v6_listed = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.";

struct Points {
  std::vector<std::string> listed;  // one of them is on a sound list
  std::string unlisted;
};
Points points_of(const std::string& zone, ListOf of) {
  if (of == ListOf::Names) return {{"test." + zone}, "invalid." + zone};
  return {{"2.0.0.127." + zone, std::string(v6_listed) + zone}, "1.0.0.127." + zone};
}

struct Found {
  bool waits = false, failed = false, listed = false, not_for_us = false;
};
Found ask(const std::string& name, Answers& answers) {
  static const auto all = io::IpNetwork::parse("127.0.0.0/8"), not_for_us = io::IpNetwork::parse("127.255.255.0/24");
  Found found;
  const auto* answer = answers.ask(RecordType::A, name);
  if (answer == nullptr) return {.waits = true};
  found.failed = answer->kind == Answer::Kind::Failure;
  for (const auto& record : answer->records) {
    const auto address = io::IpAddress::parse(record);
    if (!address) continue;
    if (not_for_us->contains(*address)) found.not_for_us = true;
    // Answers of another network are a domain that was sold, or a provider that lies about names that do not exist: whoever asks is "listed".
    else if (all->contains(*address)) found.listed = true;
  }
  return found;
}

}  // namespace

std::string_view state_name(ListState state) { return names[static_cast<std::size_t>(state)]; }

std::optional<ListState> parse_state(std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? std::nullopt : std::optional(static_cast<ListState>(found - names.begin()));
}

std::optional<ListState> check_list(const std::string& zone, ListOf of, Answers& answers) {
  const auto points = points_of(zone, of);
  const auto none = ask(points.unlisted, answers);
  Found some;
  for (const auto& name : points.listed) {
    const auto one = ask(name, answers);
    some = {some.waits || one.waits, some.failed || one.failed, some.listed || one.listed, some.not_for_us || one.not_for_us};
  }
  if (none.waits || some.waits) return std::nullopt;
  if (none.listed) return ListState::ListsAll;
  if (none.not_for_us || some.not_for_us) return ListState::NotForUs;
  if (some.listed && !none.failed) return ListState::Sound;
  if (some.failed || none.failed) return ListState::NoAnswer;
  return ListState::ListsNothing;
}

ListHealth::Change ListHealth::take(const std::string& zone, ListState found, WallTime now) {
  const std::lock_guard lock(mutex_);
  auto& list = lists_[zone];
  list.found = found;
  list.bad_checks = found == ListState::Sound ? 0 : list.bad_checks + 1;
  const bool at_once = found == ListState::ListsAll || found == ListState::NotForUs;
  const bool off = found != ListState::Sound && (list.off || at_once || list.bad_checks >= bad_moments);
  if (off == list.off) return Change::None;
  list.off = off, list.since = now;
  off ? ++off_ : --off_;
  return off ? Change::SwitchedOff : Change::SwitchedOn;
}

void ListHealth::keep_only(const std::vector<std::string>& zones) {
  const std::lock_guard lock(mutex_);
  std::erase_if(lists_, [&](const auto& one) { return std::ranges::find(zones, one.first) == zones.end(); });
  off_ = static_cast<std::size_t>(std::ranges::count_if(lists_, [](const auto& one) { return one.second.off; }));
}

bool ListHealth::is_off(const std::string& zone) const {
  const std::lock_guard lock(mutex_);
  const auto found = lists_.find(zone);
  return found != lists_.end() && found->second.off;
}

void ListHealth::leave_sound(std::vector<DnsList>& lists) const {
  if (lists.empty()) return;
  const std::lock_guard lock(mutex_);
  if (off_ == 0) return;
  std::erase_if(lists, [this](const auto& one) {
    const auto found = lists_.find(one.zone);
    return found != lists_.end() && found->second.off;
  });
}

std::map<std::string, ListStatus> ListHealth::all() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

std::string print_lists(const std::map<std::string, ListStatus>& lists) {
  std::string text;
  for (const auto& [zone, list] : lists)
    text += zone + '\t' + std::string(state_name(list.found)) + (list.off ? "\toff\t" : "\ton\t") + std::to_string(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(list.since).time_since_epoch().count())) + '\n';
  return text;
}

std::map<std::string, ListStatus> parse_lists(std::string_view text) {
  std::map<std::string, ListStatus> lists;
  while (!text.empty() && lists.size() < most_lists) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    Cursor in(line);
    const auto not_tab = [](char c) { return c != '\t'; };
    const auto zone = in.take_while(not_tab);
    if (zone.empty() || !in.take('\t')) continue;
    const auto state = parse_state(in.take_while(not_tab));
    if (!state || !in.take('\t')) continue;
    const auto how = in.take_while(not_tab);
    if ((how != "on" && how != "off") || !in.take('\t')) continue;
    const auto seconds = parse_number(in, 253'402'300'799);
    if (!seconds || !in.at_end()) continue;
    lists[std::string(zone)] = {.found = *state, .off = how == "off", .since = WallTime{std::chrono::seconds(*seconds)}};
  }
  return lists;
}

}  // namespace hikyaku::policy
