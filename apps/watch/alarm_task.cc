#include "apps/watch/alarm_task.h"

#include <algorithm>

#include "apps/service/data_folders.h"
#include "services/telemetry/events.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"
#include "services/virusdb/record.h"

namespace hikyaku::apps {
namespace {

using history::AlarmNotice;
constexpr std::uint64_t largest_raised_file = history::largest_suspended_text;

history::AlarmLimits limits_of(const settings::Settings& settings) {
  const auto& alarm = settings.alarm;
  using history::Alarm;
  history::AlarmLimits limits;
  limits.of(Alarm::IncomingAge) = static_cast<std::uint64_t>(alarm.incoming_age().count());
  limits.of(Alarm::DeferredAge) = static_cast<std::uint64_t>(alarm.deferred_age().count());
  limits.of(Alarm::Messages) = static_cast<std::uint64_t>(alarm.messages());
  limits.of(Alarm::Octets) = alarm.octets().octets;
  limits.of(Alarm::Growth) = static_cast<std::uint64_t>(alarm.growth());
  limits.of(Alarm::Silence) = static_cast<std::uint64_t>(alarm.silence().count());
  limits.of(Alarm::PatternsAge) = static_cast<std::uint64_t>(settings.virusdb.stale().count());
  limits.of(Alarm::PatternsRefused) = 1;  // second: at once, and over with the next that pass
  limits.clear_percent = static_cast<unsigned>(alarm.clear_percent());
  return limits;
}

std::string json_of(const AlarmNotice& notice, const std::string& hostname) {
  telemetry::JsonWriter json;
  json.object().member("host", hostname).member("alarm", history::alarm_name(notice.alarm));
  json.member("change", notice.change == AlarmNotice::Change::Raised ? "raised" : "cleared").member("value", notice.value).member("limit", notice.limit);
  if (!notice.about.empty()) json.member("account", notice.about);
  json.member("at", telemetry::stamp_text(notice.at)).member("since", telemetry::stamp_text(notice.since));
  json.member("text", history::notice_text(notice, history::NoticeLanguage::English)).member("text_ja", history::notice_text(notice, history::NoticeLanguage::Japanese));
  return json.end_object().take();
}

}  // namespace

AlarmTask::AlarmTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, std::vector<std::unique_ptr<Notifier>>& notifiers)
    : service_(service), loop_(loop), workers_(workers), disk_(disk), notifiers_(notifiers), reader_(disk, service.path(folder::history)),
      raised_path_(service.path(folder::alarm) + "/raised") {}

void AlarmTask::remember_the_past() {
  if (auto text = io::read_file(disk_, raised_path_, largest_raised_file)) {
    watch_.decode(*text);
    suspensions_.decode(*text);
    kept_ = *std::move(text);
  }
  const auto now = std::chrono::floor<history::Seconds>(clock_.wall());
  std::map<history::Time, std::vector<history::Point>> samples;
  reader_.read(now - std::chrono::hours{1}, now + std::chrono::hours{1}, [&](const history::Point& point, history::Span span) {
    if (span == history::Span::Minute && point.series.by == history::Dimension::Total) samples[point.at].push_back(point);
  });
  for (const auto& [at, sample] : samples)
    if (const auto levels = history::levels_of(sample)) watch_.remember(*levels);
}

std::optional<history::Levels> AlarmTask::newest() const { return history::levels_of(reader_.newest(clock_.wall())); }

// From the records that virusdb keeps; nothing where it has never put any patterns in force.
std::optional<history::PatternFacts> AlarmTask::patterns() const {
  const auto text = io::read_file(disk_, service_.path(folder::virusdb) + "/history");
  const auto records = text ? virusdb::parse_records(*text) : std::vector<virusdb::Record>{};
  const auto* in_force = virusdb::in_force(records);
  if (in_force == nullptr) return std::nullopt;
  const auto seconds_since = [now = clock_.wall()](WallTime then) { return now > then ? static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now - then).count()) : 0; };
  history::PatternFacts facts{seconds_since(in_force->built), 0};
  for (const auto* record = in_force; record != records.data() + records.size(); ++record)
    if (record->kind == virusdb::Kind::Refused && facts.refused_seconds == 0) facts.refused_seconds = std::max<std::uint64_t>(2, seconds_since(record->at));
  return facts;
}

// Nothing: `auth` has not told yet, or it cannot be read; then nothing is over.
std::optional<std::vector<history::SuspendedAccount>> AlarmTask::suspended() const {
  const auto text = io::read_file(disk_, service_.path(folder::counters) + "/auth/suspended", history::largest_suspended_text);
  return text ? std::optional(history::parse_suspended(*text)) : std::nullopt;
}

void AlarmTask::tell(const AlarmNotice& notice) {
  const bool japanese = service_.settings()->alarm.language() == "japanese";
  auto text = std::make_shared<NoticeText>();
  text->notice = notice;
  text->hostname = service_.hostname();
  text->words = history::notice_text(notice, japanese ? history::NoticeLanguage::Japanese : history::NoticeLanguage::English);
  text->json = json_of(notice, text->hostname);
  const auto& event = notice.change == AlarmNotice::Change::Raised ? telemetry::events::alarm_raised : telemetry::events::alarm_cleared;
  service_.log().write(event, {.account = notice.about, .count = notice.value, .text = history::alarm_name(notice.alarm), .reason = text->words});
  for (auto& notifier : notifiers_) notifier->add(text);
}

Task<void> AlarmTask::keep() {
  const bool all_told = std::ranges::all_of(notifiers_, [](const auto& notifier) { return notifier->idle(); });
  auto text = watch_.encode() + suspensions_.encode();
  if (!all_told || text == kept_) co_return;
  auto work = workers_.run(loop_, [&] { return io::replace_file(disk_, raised_path_, text); });
  const auto ran = co_await std::move(work);
  if (ran && *ran) kept_ = std::move(text);
  if (ran && !*ran) service_.log().write(telemetry::events::storage_trouble, {.text = "alarm", .reason = ran->error().what});
}

Task<void> AlarmTask::run() {
  auto remembering = workers_.run(loop_, [this] { remember_the_past(); });
  const auto remembered = co_await std::move(remembering);
  (void)remembered;
  while (!loop_.stopping()) {
    auto work = workers_.run(loop_, [this] { return std::tuple(newest(), patterns(), suspended()); });
    const auto found = co_await std::move(work);
    const auto now = std::chrono::floor<history::Seconds>(clock_.wall());
    if (found) {
      const auto& [levels, facts, accounts] = *found;
      for (const auto& notice : watch_.look(limits_of(*service_.settings()), levels, now, facts)) tell(notice);
      if (accounts)
        for (const auto& notice : suspensions_.look(*accounts, now)) tell(notice);
    }
    auto keeping = keep();
    co_await std::move(keeping);
    const auto outcome = co_await loop_.sleep_until(loop_.after(service_.settings()->alarm.check_interval()));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::apps
