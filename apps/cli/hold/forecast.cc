#include "apps/cli/hold/forecast.h"

#include <cmath>

#include "apps/cli/access/data_access.h"
#include "apps/cli/queue/access.h"
#include "apps/service/data_folders.h"
#include "services/delivery/dns_servers.h"
#include "services/delivery/recipient_plan.h"
#include "services/history/files.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::Hold;
using directory::HoldScope;
using history::Dimension;
using history::Forecast;

// What a message costs beyond its text: heads, the schedule, what segments leave unused.
constexpr double octets_a_message = 1'024;
constexpr auto learned_from = std::chrono::weeks{8};

// Where mail for an unknown user of the domain would go.
std::string destination_of_domain(const directory::Snapshot& snapshot, const delivery::RoutingSettings& routing, const std::string& domain) {
  const Recipient recipient{{"forecast", domain}, "", {}};
  const auto plan = delivery::plan_recipient(snapshot, routing, {ReversePath{}, recipient});
  if (const auto* hop = std::get_if<delivery::ToNextHop>(&plan)) return hop->hop.key();
  return "local:" + domain;
}

// The account that mail for the address would be for; empty: none here.
std::string mailbox_of_address(const directory::Snapshot& snapshot, const delivery::RoutingSettings& routing, const std::string& address) {
  const auto at = address.rfind('@');
  if (at == std::string::npos) return {};
  const Recipient recipient{{address.substr(0, at), address.substr(at + 1)}, "", {}};
  const auto plan = delivery::plan_recipient(snapshot, routing, {ReversePath{}, recipient});
  const auto* mailbox = std::get_if<delivery::ToMailbox>(&plan);
  return mailbox == nullptr ? std::string{} : mailbox->target.address.text();
}

struct Learned {
  history::HourlyArrivals arrivals;
  history::Time since{}, known_until{};
  std::uint64_t all = 0, unnamed = 0;  // messages in the dimension
};

Learned learn(const settings::Settings& settings, const ArrivalChoice& choice, WallTime now) {
  io::PosixDisk disk;
  const history::HistoryReader reader(disk, apps::folder::in(settings.node.data(), apps::folder::history));
  Learned learned;
  learned.known_until = reader.known_until().value_or(history::Time{});
  const auto begin = std::chrono::floor<history::Seconds>(now - learned_from);
  std::optional<history::Time> first;
  reader.read(begin, learned.known_until, [&](const history::Point& point, history::Span span) {
    const auto& [place, by, name] = point.series;
    if (place != history::Place::Arrivals || span != history::Span::Hour) return;
    first = std::min(first.value_or(point.at), point.at);
    if (choice.empty() && by == Dimension::Total) add(learned.arrivals[point.at], point.figures);
    for (const auto& share : choice) {
      if (by != share.by) continue;
      learned.all += point.figures.count;
      if (name.empty()) learned.unnamed += point.figures.count;
      else if (share.chosen(name)) add(learned.arrivals[point.at], point.figures);
    }
  });
  learned.since = first.value_or(learned.known_until);
  return learned;
}

std::string_view basis_name(Forecast::Basis basis) {
  switch (basis) {
    case Forecast::Basis::None: return "none";
    case Forecast::Basis::Rate: return "rate";
    case Forecast::Basis::Daily: return "daily";
    case Forecast::Basis::Weekly: return "weekly";
  }
  return "none";
}

struct Outlook {
  Forecast::Expected expected;
  double needed = 0;
  std::uint64_t free = 0, reserve = 0;
  std::optional<history::Time> full_at;
  [[nodiscard]] bool suffices() const { return !full_at.has_value(); }
};

void write_json(Invocation& call, const Forecast& forecast, const Learned& learned, const Outlook& outlook, WallTime from, WallTime until) {
  const auto whole = [](double value) { return static_cast<std::uint64_t>(std::llround(value)); };
  telemetry::JsonWriter json;
  json.object().key("forecast").object().member("from", telemetry::stamp_text(from)).member("until", telemetry::stamp_text(until));
  json.member("messages", whole(outlook.expected.messages)).member("octets", whole(outlook.expected.octets)).member("disk_octets", whole(outlook.needed));
  json.member("basis", basis_name(forecast.basis())).member("known_hours", static_cast<std::uint64_t>(forecast.known().count()));
  json.member("unnamed_percent", learned.all == 0 ? 0 : learned.unnamed * 100 / learned.all);
  json.member("free_octets", outlook.free).member("reserve_octets", outlook.reserve).flag("disk_suffices", outlook.suffices());
  if (outlook.full_at) json.member("disk_full_at", telemetry::stamp_text(*outlook.full_at));
  call.print(json.end_object().end_object().take());
}

std::string basis_words(const Invocation& call, const Forecast& forecast) {
  const auto days = std::to_string(forecast.known().count() / 24), hours = std::to_string(forecast.known().count());
  const auto say = [&](const Words& words) { return std::string(call.say(words)); };
  switch (forecast.basis()) {
    case Forecast::Basis::None: return "";
    case Forecast::Basis::Rate: return say({"From the mean of only ", "過去 "}) + hours + say({" hours: a coarse guess.", " 時間の平均だけによる、粗い見積もり。"});
    case Forecast::Basis::Daily: return say({"From the hours of ", "過去 "}) + days + say({" days; weekends are not known yet.", " 日の時刻別の量による。週末の傾向はまだわからない。"});
    case Forecast::Basis::Weekly: return say({"From the rhythm of the week over ", "過去 "}) + days + say({" days.", " 日の曜日・時刻別の量による。"});
  }
  return "";
}

void print_words(Invocation& call, const Forecast& forecast, const Learned& learned, const Outlook& outlook, WallTime until) {
  const auto say = [&](const Words& words) { return std::string(call.say(words)); };
  const auto time = [](WallTime when) { auto text = telemetry::stamp_text(when).substr(0, 16); return text[10] = ' ', text; };
  call.print(say({"Expected by ", "予想("}) + time(until) + say({": about ", " まで): 約 "}) + std::to_string(std::llround(outlook.expected.messages)) +
             say({" messages, ", " 通、"}) + size_text(static_cast<std::uint64_t>(outlook.expected.octets)) + say({".", "。"}));
  call.print(basis_words(call, forecast));
  if (learned.unnamed > 0)
    call.print(std::to_string(learned.unnamed * 100 / std::max<std::uint64_t>(1, learned.all)) +
               say({" % of all arrivals are of names too small to be kept apart; what the hold selects of them is not counted.",
                    " % は名前ごとに記録されない少量のメールで、その中の対象分は含まれない。"}));
  const auto room = outlook.free > outlook.reserve ? outlook.free - outlook.reserve : 0;
  const auto disk = say({"Disk: about ", "ディスク: 必要量 約 "}) + size_text(static_cast<std::uint64_t>(outlook.needed)) + say({" needed, ", "、空き "}) + size_text(room) +
                    say({" free above the reserve of ", "(予備 "}) + size_text(outlook.reserve) + say({". ", " を除く)。"});
  call.print(disk + (outlook.suffices() ? say({"It suffices.", "足りる。"})
                                        : say({"It does NOT suffice: reception would stop about ", "足りない。受信が止まる見込み: "}) + time(*outlook.full_at) + say({".", "。"})));
}

}  // namespace

std::optional<ArrivalChoice> arrivals_of(Invocation& call, const Hold& hold) {
  if (hold.scope == HoldScope::All) return ArrivalChoice{};
  auto wanted = hold;
  if (auto pattern = directory::normal_hold_pattern(hold.scope, hold.pattern)) wanted.pattern = std::move(*pattern);
  else return call.fail(pattern.error()), std::nullopt;
  if (hold.scope == HoldScope::Sender)
    return ArrivalChoice{{Dimension::Sender, [wanted](const std::string& name) { return selects(wanted, {{}, {}, name == "<>" ? "" : name, {}, {}}); }}};
  if (hold.scope == HoldScope::SentBy)
    return ArrivalChoice{{Dimension::Account, [wanted](const std::string& name) { return selects(wanted, {{}, {}, {}, name, {}}); }}};
  const auto access = DirectoryAccess::open(call);
  if (!access) return std::nullopt;
  const auto snapshot = access->editor().read();
  if (!snapshot) return call.fail(snapshot.error().what), std::nullopt;
  const delivery::RoutingSettings routing{.dns_servers = delivery::dns_servers(call.settings()->delivery.resolvers())};
  if (hold.scope == HoldScope::Account)  // what it sends, and what is for its mailbox
    return ArrivalChoice{{Dimension::Account, [wanted](const std::string& name) { return selects(wanted, {{}, {}, {}, name, {}}); }},
                         {Dimension::Mailbox, [wanted, routing, directory = *snapshot](const std::string& address) {
                           return selects(wanted, {{}, {}, {}, {}, mailbox_of_address(*directory, routing, address)});
                         }}};
  return ArrivalChoice{{Dimension::Destination, [wanted, routing, directory = *snapshot](const std::string& domain) {
    const auto destination = destination_of_domain(*directory, routing, domain);
    return selects(wanted, {domain, destination, {}, {}, {}});
  }}};
}

Exit print_forecast(Invocation& call, const ArrivalChoice& choice, WallTime from, WallTime until, WallTime now) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  if (until == WallTime::max()) return call.fail(Words{"A forecast needs an end; give --end.", "予測には終わりの時刻が要る。--end を指定する。"});
  const auto learned = learn(*settings, choice, now);
  const Forecast forecast(learned.arrivals, learned.since, learned.known_until);
  const auto begin = std::chrono::floor<history::Seconds>(std::max(from, now)), end = std::chrono::floor<history::Seconds>(until);
  Outlook outlook;
  outlook.expected = forecast.expect(begin, end);
  outlook.needed = outlook.expected.octets + outlook.expected.messages * octets_a_message;
  outlook.free = io::PosixDisk().free_octets(settings->node.data()).value_or(0);
  outlook.reserve = settings->spool.reserve().octets;
  const double room = outlook.free > outlook.reserve ? static_cast<double>(outlook.free - outlook.reserve) : 0;
  outlook.full_at = forecast.reached(begin, end, room, octets_a_message);
  if (call.json) return write_json(call, forecast, learned, outlook, from, until), Exit::Done;
  if (forecast.basis() == Forecast::Basis::None)
    return call.fail(Words{"Nothing is known of past arrivals yet: deliver must have run for an hour at least.", "過去の受信量がまだ記録されていない(deliver が 1 時間以上動いている必要がある)。"});
  return print_words(call, forecast, learned, outlook, until), Exit::Done;
}

}  // namespace hikyaku::cli
