#include "services/refusals/told.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/cursor.h"

namespace hikyaku::refusals {
namespace {

constexpr std::string_view heading = "What was told of those who were put off, kept by Hikyaku (format 1)";
constexpr std::uint64_t latest_second = 253'402'300'799;
constexpr std::size_t mark_digits = 32;

std::string seconds_text(WallTime time) { return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()); }

std::optional<WallTime> take_seconds(Cursor& in) {
  if (!in.take('\t')) return std::nullopt;
  const auto seconds = parse_number(in, latest_second);
  return seconds ? std::optional(WallTime{std::chrono::seconds(*seconds)}) : std::nullopt;
}

std::optional<std::uint64_t> take_name(Cursor& in) {
  if (!in.take('\t')) return std::nullopt;
  const auto number = parse_number(in, UINT64_MAX);
  return number ? std::optional(*number) : std::nullopt;
}

bool is_mark(std::string_view text) {
  return text.size() == mark_digits && std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string_view decision_name(Decision decision) { return decision == Decision::Allow ? "allow" : "deny"; }

std::optional<Decision> parse_decision(std::string_view name) {
  for (const auto decision : {Decision::Allow, Decision::Deny})
    if (decision_name(decision) == name) return decision;
  return std::nullopt;
}

std::uint64_t Told::name_of(const policy::LedgerKey& key) { return checksum(key.network + '\0' + key.sender + '\0' + key.recipient); }

void Told::enter(Times& times, std::uint64_t name, WallTime now) {
  times[name] = now;
  if (times.size() > most) times.erase(std::ranges::min_element(times, {}, [](const auto& one) { return one.second; }));
}

const Told::Used* Told::used(const std::string& mark) const {
  const auto found = used_.find(mark);
  return found == used_.end() ? nullptr : &found->second;
}

void Told::use(const std::string& mark, Used how) {
  used_[mark] = how;
  if (used_.size() > most) used_.erase(std::ranges::min_element(used_, {}, [](const auto& one) { return one.second.expires; }));
}

void Told::forget(WallTime now) {
  const auto is_old = [now](const auto& one) { return now - one.second > kept_for; };
  std::erase_if(noticed_, is_old);
  std::erase_if(recipients_, is_old);
  std::erase_if(used_, [now](const auto& one) { return one.second.expires < now; });
}

std::string Told::text() const {
  std::string out = std::string(heading) + "\nbegun\t" + seconds_text(begun) + "\ndigest\t" + seconds_text(last_digest) + '\n';
  for (const auto& [name, at] : noticed_) out += "notice\t" + seconds_text(at) + '\t' + std::to_string(name) + '\n';
  for (const auto& [name, at] : recipients_) out += "recipient\t" + seconds_text(at) + '\t' + std::to_string(name) + '\n';
  for (const auto& [mark, how] : used_) out += "used\t" + seconds_text(how.expires) + '\t' + mark + '\t' + std::string(decision_name(how.decision)) + '\n';
  return out;
}

Told Told::parse(std::string_view text) {
  Told told;
  if (!text.starts_with(heading)) return told;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    Cursor in(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto word = in.take_while([](char c) { return c != '\t'; });
    const auto time = take_seconds(in);
    if (!time) continue;
    if (word == "begun" && in.at_end()) told.begun = *time;
    if (word == "digest" && in.at_end()) told.last_digest = *time;
    if (word == "notice" || word == "recipient") {
      const auto name = take_name(in);
      auto& times = word == "notice" ? told.noticed_ : told.recipients_;
      if (name && in.at_end() && times.size() < most) times[*name] = *time;
    }
    if (word == "used" && in.take('\t')) {
      const auto mark = in.take_while([](char c) { return c != '\t'; });
      if (!is_mark(mark) || !in.take('\t')) continue;
      const auto decision = parse_decision(in.rest());
      if (decision && told.used_.size() < most) told.used_[std::string(mark)] = {*time, *decision};
    }
  }
  return told;
}

}  // namespace hikyaku::refusals
