#include "services/history/suspended.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::history {
namespace {

constexpr std::uint64_t last_second = 253'402'300'799;  // of the year 9999

constexpr std::size_t longest_by = 100, longest_address = 320, longest_reason = 500;

bool is_word(std::string_view text, std::size_t longest) { return !text.empty() && text.size() <= longest && std::ranges::none_of(text, is_ctl); }

std::string plain(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::ranges::replace_if(out, is_ctl, ' ');
  return out;
}
std::string_view word(Cursor& in) {
  const auto taken = in.take_while([](char c) { return c != ' ' && c != '\n'; });
  in.take(' ');
  return taken;
}
std::optional<Time> time(Cursor& in) {
  Cursor text(word(in));
  const auto seconds = parse_number(text, last_second);
  if (!seconds || !text.at_end()) return std::nullopt;
  return Time{Seconds{static_cast<std::int64_t>(*seconds)}};
}

AlarmNotice notice(AlarmNotice::Change change, std::string address, std::string why, Time now, Time since) {
  return {change, Alarm::AccountSuspended, change == AlarmNotice::Change::Raised ? 1U : 0U, 0, now, since, std::move(address), std::move(why)};
}

}  // namespace

std::string suspended_text(const std::vector<SuspendedAccount>& accounts) {
  std::string text;
  for (std::size_t i = 0; i < accounts.size() && i < most_suspended; ++i) {
    const auto& one = accounts[i];
    auto by = plain(one.by, longest_by);
    std::ranges::replace(by, ' ', '_');
    text.append(std::to_string(one.since.time_since_epoch().count())).append(" ").append(by.empty() ? "-" : by).append(" ").append(plain(one.address, longest_address)).append(" ").append(plain(one.why, longest_reason)).append("\n");
  }
  return text;
}

std::vector<SuspendedAccount> parse_suspended(std::string_view text) {
  std::vector<SuspendedAccount> all;
  Cursor in(text);
  while (!in.at_end() && all.size() < most_suspended) {
    const auto since = time(in);
    SuspendedAccount one;
    one.by = word(in), one.address = word(in);
    one.why = in.take_while([](char c) { return c != '\n'; });
    if (since && is_word(one.by, longest_by) && is_word(one.address, longest_address) && one.address.find('@') != std::string::npos) one.since = *since, all.push_back(std::move(one));
    in.take('\n');
  }
  return all;
}

std::vector<AlarmNotice> SuspensionWatch::look(const std::vector<SuspendedAccount>& now_suspended, Time now) {
  std::vector<AlarmNotice> notices;
  const auto still = [&](const auto& told) {
    return std::ranges::any_of(now_suspended, [&](const auto& one) { return one.address == told.first && one.since == told.second; });
  };
  for (auto told = told_.begin(); told != told_.end();) {
    if (still(*told)) {
      ++told;
      continue;
    }
    notices.push_back(notice(AlarmNotice::Change::Cleared, told->first, {}, now, told->second));
    told = told_.erase(told);
  }
  for (const auto& one : now_suspended) {
    if (one.by != "auth" || !told_.emplace(one.address, one.since).second) continue;
    notices.push_back(notice(AlarmNotice::Change::Raised, one.address, one.why, now, one.since));
  }
  return notices;
}

std::string SuspensionWatch::encode() const {
  std::string text;
  for (const auto& [address, since] : told_) text.append(alarm_name(Alarm::AccountSuspended)).append(" ").append(std::to_string(since.time_since_epoch().count())).append(" ").append(address).append("\n");
  return text;
}

void SuspensionWatch::decode(std::string_view text) {
  Cursor in(text);
  while (!in.at_end()) {
    const bool ours = word(in) == alarm_name(Alarm::AccountSuspended);
    const auto since = ours ? time(in) : std::nullopt;
    const auto address = in.take_while([](char c) { return c != '\n'; });
    if (since && address.find('@') != std::string_view::npos && told_.size() < most_suspended) told_.emplace(address, *since);
    in.take('\n');
  }
}

}  // namespace hikyaku::history
