#include "services/history/alarm.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/abuse/evidence.h"

namespace hikyaku::history {
namespace {

constexpr std::array<std::string_view, alarm_count> names = {"incoming-age", "deferred-age", "messages", "octets", "growth", "silence", "patterns-age", "patterns-refused", "account-suspended"};
constexpr auto growth_within = std::chrono::hours{1};
constexpr auto kept_apart = std::chrono::minutes{1};

std::uint64_t seconds_between(Time from, Time until) { return until > from ? static_cast<std::uint64_t>((until - from).count()) : 0; }

struct Wording {
  std::string_view en, ja;
  bool is_time = false;
};
// "#" is the figure, "%" the limit, "@" what it is about.
constexpr std::array<Wording, alarm_count> wordings = {{
    {"The oldest message in incoming has waited for its first attempt for # (limit %).", "incoming の最も古いメールが初回配送を # 待っている(しきい値 %)。", true},
    {"The oldest deferred recipient has waited since its first failure for # (limit %).", "再送待ちの最も古い宛先が最初の失敗から # 経っている(しきい値 %)。", true},
    {"The queue holds # messages (limit %).", "キューに # 通のメールがある(しきい値 %)。"},
    {"The queue holds # octets (limit %).", "キューのメールが # オクテットある(しきい値 %)。"},
    {"The queue has grown by # messages within an hour (limit %).", "キューが 1 時間以内に # 通増えた(しきい値 %)。"},
    {"Nothing has been told of the queue for # (limit %): deliver does not run, or cannot write.", "キューの記録が # 途絶えている(しきい値 %)。deliver が停止しているか、書き込めない。", true},
    {"The virus patterns in force are # old (limit %).", "有効なウイルスパターンは # 前のもの(しきい値 %)。", true},
    {"New virus patterns failed their test # ago; the old ones stay in force: hikyaku virusdb status.", "新しいウイルスパターンが # 前に検査に不合格となり、前のパターンのまま動いている: hikyaku virusdb status。", true},
    {"The account @ may not send any more, somebody else seems to use it: hikyaku account contain @.", "アカウント @ の送信を停止した。乗っ取りの疑いがある: hikyaku account contain @。"},
}};

std::string quantity(std::uint64_t value, bool is_time) {
  if (!is_time) return std::to_string(value);
  if (value >= 2 * 86'400) return std::to_string(value / 86'400) + " d";
  if (value >= 2 * 3'600) return std::to_string(value / 3'600) + " h";
  return value >= 120 ? std::to_string(value / 60) + " min" : std::to_string(value) + " s";
}

}  // namespace

std::string_view alarm_name(Alarm alarm) { return names[static_cast<std::size_t>(alarm)]; }

std::optional<Alarm> parse_alarm(std::string_view name) {
  const auto at = std::ranges::find(names, name);
  return at == names.end() ? std::nullopt : std::optional(static_cast<Alarm>(at - names.begin()));
}

std::optional<Levels> levels_of(const std::vector<Point>& sample) {
  std::optional<Levels> levels;
  for (const auto& point : sample) {
    if (point.series.by != Dimension::Total || point.series.place == Place::Arrivals) continue;
    if (!levels) levels.emplace();
    levels->at = point.at;
    (point.series.place == Place::Incoming ? levels->incoming : point.series.place == Place::Holding ? levels->holding : levels->domains) = point.figures;
  }
  return levels;
}

std::string notice_text(const AlarmNotice& notice, NoticeLanguage language) {
  const auto& wording = wordings[static_cast<std::size_t>(notice.alarm)];
  const bool japanese = language == NoticeLanguage::Japanese;
  std::string text;
  if (notice.change == AlarmNotice::Change::Cleared) text = japanese ? "解消: " : "Over: ";
  for (const char c : japanese ? wording.ja : wording.en) {
    if (c == '#') text += quantity(notice.value, wording.is_time);
    else if (c == '%') text += quantity(notice.limit, wording.is_time);
    else if (c == '@') text += notice.about;
    else text += c;
  }
  if (notice.why.empty()) return text;
  return japanese ? text + "(" + abuse::evidence_in_japanese(notice.why) + ")" : text + " (" + notice.why + ")";
}

void AlarmWatch::remember(const Levels& levels) {
  if (!past_.empty() && levels.at < past_.back().first + kept_apart) return;
  past_.emplace_back(levels.at, levels.incoming.count + levels.holding.count);
}

std::optional<std::uint64_t> AlarmWatch::value_of(Alarm alarm, const std::optional<Levels>& newest, Time now, const std::optional<PatternFacts>& patterns) const {
  if (alarm == Alarm::PatternsAge) return patterns ? std::optional(patterns->age_seconds) : std::nullopt;
  if (alarm == Alarm::PatternsRefused) return patterns ? std::optional(patterns->refused_seconds) : std::nullopt;
  if (alarm == Alarm::Silence) return seconds_between(newest ? std::max(newest->at, began_) : began_, now);
  if (!newest) return std::nullopt;
  const auto messages = newest->incoming.count + newest->holding.count;
  switch (alarm) {
    case Alarm::IncomingAge: return newest->incoming.oldest_seconds;
    case Alarm::DeferredAge: return newest->domains.oldest_seconds;
    case Alarm::Messages: return messages;
    case Alarm::Octets: return newest->incoming.octets + newest->holding.octets;
    case Alarm::Growth: {
      auto lowest = messages;
      for (const auto& [at, count] : past_) lowest = std::min(lowest, count);
      return messages - lowest;
    }
    case Alarm::Silence: case Alarm::PatternsAge: case Alarm::PatternsRefused: case Alarm::AccountSuspended: break;
  }
  return std::nullopt;
}

std::vector<AlarmNotice> AlarmWatch::look(const AlarmLimits& limits, const std::optional<Levels>& newest, Time now, const std::optional<PatternFacts>& patterns) {
  if (began_ == Time{}) began_ = now;
  if (newest) remember(*newest);
  const auto latest = newest ? newest->at : now;
  while (!past_.empty() && past_.front().first < latest - growth_within) past_.pop_front();
  std::vector<AlarmNotice> notices;
  for (std::size_t i = 0; i < alarm_count; ++i) {
    const auto alarm = static_cast<Alarm>(i);
    const auto limit = limits.of(alarm);
    const auto value = value_of(alarm, newest, now, patterns);
    auto& raised = raised_[i];
    if (!value) continue;
    if (!raised && limit > 0 && *value > limit) {
      raised = Raised{now};
      notices.push_back({AlarmNotice::Change::Raised, alarm, *value, limit, now, now});
    } else if (raised && (limit == 0 || *value <= limit / 100 * limits.clear_percent + limit % 100 * limits.clear_percent / 100)) {
      notices.push_back({AlarmNotice::Change::Cleared, alarm, *value, limit, now, raised->since});
      raised.reset();
    }
  }
  return notices;
}

std::string AlarmWatch::encode() const {
  std::string text;
  for (std::size_t i = 0; i < alarm_count; ++i)
    if (raised_[i]) text.append(names[i]).append(" ").append(std::to_string(raised_[i]->since.time_since_epoch().count())).append("\n");
  return text;
}

void AlarmWatch::decode(std::string_view text) {
  Cursor in(text);
  while (!in.at_end()) {
    const auto alarm = parse_alarm(in.take_while([](char c) { return c != ' ' && c != '\n'; }));
    in.take(' ');
    const auto since = parse_number(in, 253'402'300'799);
    if (alarm && since && (in.at_end() || in.peek() == '\n')) raised_[static_cast<std::size_t>(*alarm)] = Raised{Time{Seconds{static_cast<std::int64_t>(*since)}}};
    in.take_while([](char c) { return c != '\n'; });
    in.take('\n');
  }
}

}  // namespace hikyaku::history
