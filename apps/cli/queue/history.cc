// hikyaku queue history
#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/queue/access.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "services/history/chart.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using history::Chart;
using history::Dimension;
using history::Figures;
using history::Place;

constexpr std::size_t steps_shown = 48, steps_in_json = 500, names_shown = 20;

struct Question {
  history::Time since, until;
  Dimension by = Dimension::Total;
  Place of = Place::Domains;
};

std::optional<Question> question_of(Invocation& call, WallTime now) {
  Question question;
  const auto since = since_of(call, "--since", now).value_or(now - std::chrono::hours{24}), until = until_of(call, "--until", now).value_or(now);
  if (since >= until) {
    call.fail(Words{"--since is not before --until.", "--since が --until より前ではない。"});
    return std::nullopt;
  }
  question.since = std::chrono::floor<history::Seconds>(since);
  question.until = std::chrono::floor<history::Seconds>(until) + history::Seconds{1};
  question.by = history::parse_dimension(call.value("--by", "total")).value_or(Dimension::Total);
  question.of = history::parse_place(call.value("--of", "domains")).value_or(Place::Domains);
  return question;
}

std::string name_of(Invocation& call, const history::Series& series) {
  if (!series.name.empty()) return series.name;
  return std::string(series.by == Dimension::Total ? call.say({"all", "全体"}) : call.say({"(others)", "(その他)"}));
}

// What waited is known by the minute, what arrived by the hour (of old, by the day): each in steps of its own.
struct Charts {
  Chart levels, arrivals;
  std::uint64_t left_out = 0;
  history::Time existed_since{};  // no row is of a time before there was a server
  std::optional<history::Time> counted_until = {};  // what arrived
  // Of arrivals: the end of the step, or of what is counted of it.
  [[nodiscard]] history::Time until(std::size_t step) const { return std::min(arrivals.start_of(step + 1), std::max(arrivals.start_of(step), counted_until.value_or(history::Time::max()))); }
  [[nodiscard]] history::Time from(const Chart& chart, std::size_t step) const { return std::max(chart.start_of(step), existed_since); }
};

void write_json(Invocation& call, const Question& question, const Charts& charts, const history::HistoryReader::Read& read) {
  telemetry::JsonWriter json;
  json.object().member("since", telemetry::stamp_text(charts.levels.start_of(0))).member("until", telemetry::stamp_text(question.until));
  json.member("damaged_lines", read.damaged_lines).member("names_left_out", charts.left_out);
  if (charts.counted_until) json.member("arrivals_until", telemetry::stamp_text(*charts.counted_until));
  json.key("series").array();
  for (const auto* chart : {&charts.levels, &charts.arrivals})
    for (const auto& [series, line] : chart->lines()) {
      json.object().member("of", history::place_name(series.place)).member("by", history::dimension_name(series.by)).member("name", series.name);
      json.member("step_seconds", static_cast<std::uint64_t>(chart->step().count())).key("points").array();
      for (const auto& [step, figures] : line.steps())
        json.object().member("at", telemetry::stamp_text(charts.from(*chart, step))).member("count", figures.count).member("octets", figures.octets)
            .member("oldest_seconds", figures.oldest_seconds).end_object();
      json.end_array().end_object();
    }
  call.print(json.end_array().end_object().take());
}

std::string cell(const Figures* figures) {
  if (figures == nullptr) return "-";
  if (figures->count == 0 && figures->octets == 0) return ".";
  std::string text = std::to_string(figures->count) + " / " + size_text(figures->octets);
  if (figures->oldest_seconds > 0) text += " / " + age_text(history::Seconds{figures->oldest_seconds});
  return text;
}

// "2026-11-25 18:00"
std::string minute_text(history::Time time) {
  auto text = telemetry::stamp_text(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

void print_levels(Invocation& call, const Charts& charts) {
  const auto& chart = charts.levels;
  auto table = headed_table(call, {{"FROM", "開始"}, {"INCOMING", "INCOMING"}, {"HOLDING", "HOLDING"}, {"DOMAINS", "DOMAINS"}});
  const Chart::Line none;
  const auto line_of = [&](Place place) -> const Chart::Line& {
    const auto at = chart.lines().find({place, Dimension::Total, {}});
    return at == chart.lines().end() ? none : at->second;
  };
  const Chart::Line* lines[] = {&line_of(Place::Incoming), &line_of(Place::Holding), &line_of(Place::Domains)};
  for (std::size_t step = 0; step < chart.steps(); ++step) {
    if (std::ranges::none_of(lines, [&](const auto* line) { return line->at(step) != nullptr; })) continue;
    std::vector<std::string> row = {minute_text(charts.from(chart, step))};
    for (const auto* line : lines) row.push_back(cell(line->at(step)));
    table.add(std::move(row));
  }
  call.print(table.text());
  TextTable shapes;
  const std::string_view names[] = {"INCOMING", "HOLDING", "DOMAINS"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto most = Chart::largest(*lines[i]).count;
    shapes.add({std::string(names[i]), history::sparkline(*lines[i], chart.steps(), most), std::string(call.say({"at most ", "最大 "})) + std::to_string(most)});
  }
  call.print(shapes.text());
}

void print_arrivals(Invocation& call, const Charts& charts) {
  const auto& chart = charts.arrivals;
  auto table = headed_table(call, {{"FROM", "開始"}, {"UNTIL", "終了"}, {"ARRIVED", "受信"}});
  for (const auto& [series, line] : chart.lines())
    for (const auto& [step, figures] : line.steps()) table.add({minute_text(charts.from(chart, step)), minute_text(charts.until(step)), cell(&figures)});
  call.print(table.text());
}

void print_names(Invocation& call, const Chart& chart) {
  std::vector<std::pair<const history::Series*, const Chart::Line*>> rows;
  std::uint64_t most = 0;
  for (const auto& [series, line] : chart.lines()) {
    rows.emplace_back(&series, &line);
    most = std::max(most, Chart::largest(line).count);
  }
  std::ranges::sort(rows, [](const auto& a, const auto& b) {
    return std::pair(a.first->name.empty(), Chart::largest(*b.second).count) < std::pair(b.first->name.empty(), Chart::largest(*a.second).count);
  });
  auto table = headed_table(call, {{"NAME", "名前"}, {"LAST", "最新"}, {"MOST", "最大"}, {"SIZE", "容量"}, {"OLDEST", "最古"}, {"SHAPE", "推移"}});
  std::size_t shown = 0;
  for (const auto& [series, line] : rows) {
    if (++shown > names_shown && !series->name.empty()) continue;
    const auto largest = Chart::largest(*line);
    table.add({name_of(call, *series), std::to_string(Chart::last(*line).count), std::to_string(largest.count), size_text(largest.octets),
               largest.oldest_seconds == 0 ? "-" : age_text(history::Seconds{largest.oldest_seconds}), history::sparkline(*line, chart.steps(), most)});
  }
  call.print(table.text());
}

Charts charts_of(const Invocation& call, const Question& question, const history::HistoryReader& reader, history::HistoryReader::Read& read, WallTime now) {
  const std::size_t steps = call.json ? steps_in_json : steps_shown;
  const bool in_days = question.since < std::chrono::floor<std::chrono::days>(now) - history::hours_are_kept;
  const auto unit = history::length_of(in_days ? history::Span::Day : history::Span::Hour);
  const auto existed_since = reader.first_sample().value_or(question.since);
  const auto since = existed_since < question.until ? std::max(question.since, existed_since) : question.since;
  const history::Time whole{since.time_since_epoch() / unit * unit};  // the hour or day that was running then
  Charts charts{Chart(since, question.until, steps), Chart(whole, question.until, steps, Chart::most_series, unit), 0, std::min(existed_since, since)};
  const auto add_point = [&](const history::Point& point, history::Span span) {
    if (point.at + history::length_of(span) <= existed_since) return;
    const bool total = question.by == Dimension::Total && (call.has("--of") ? point.series.place == question.of : true);
    if (point.series.by != question.by || !(total || point.series.place == question.of)) return;
    if (point.series.place == Place::Arrivals) return charts.arrivals.add(point);
    auto shown = point;
    if (point.at >= question.since) shown.at = std::max(point.at, existed_since);
    charts.levels.add(shown);
  };
  read = reader.read(whole, question.until, add_point);
  const auto running = reader.running();
  for (const auto& point : running.arrivals)
    if (point.at >= whole && point.at < question.until) add_point(point, history::Span::Hour);
  charts.counted_until = running.until;
  charts.left_out = charts.levels.leave_out_small() + charts.arrivals.leave_out_small();
  return charts;
}

void print_charts(Invocation& call, const Question& question, const Charts& charts) {
  const bool levels = !charts.levels.lines().empty(), arrivals = !charts.arrivals.lines().empty();
  if (!levels && !arrivals) return call.print(call.say({"Nothing was sampled in that time; deliver writes the history while it runs.", "その期間の記録はない。履歴は deliver の動作中に記録される。"}));
  if (question.by != Dimension::Total) return print_names(call, arrivals ? charts.arrivals : charts.levels);
  if (levels) print_levels(call, charts);
  if (arrivals) print_arrivals(call, charts);
}

Exit run(Invocation& call) {
  const auto now = SystemClock{}.wall();
  const auto question = question_of(call, now);
  if (!question) return Exit::Failed;
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const auto folder = apps::folder::in(settings->node.data(), apps::folder::history);
  if (!may_look_into(call, folder)) return Exit::Failed;
  io::PosixDisk disk;
  const history::HistoryReader reader(disk, folder);
  history::HistoryReader::Read read;
  const auto charts = charts_of(call, *question, reader, read, now);
  if (call.json) return write_json(call, *question, charts, read), Exit::Done;
  print_charts(call, *question, charts);
  if (read.damaged_lines > 0) (void)call.fail(std::to_string(read.damaged_lines) + std::string(call.say({" damaged lines were passed over.", " 行の壊れた記録を読み飛ばした。"})));
  return Exit::Done;
}

}  // namespace

Command queue_history_command() {
  return {.name = "queue history",
          .help = {"what waited when: count, size and age over the last 400 days", "待っていたメールの数、容量、経過時間の推移(400 日分)"},
          .options = {value_option("--since", Takes::Since, {"from then on: 2h, 7d, 2026-11-25, \"2026-11-25 18:00\"; 24 hours ago when not given", "この時刻から。2h、7d、2026-11-25、\"2026-11-25 18:00\" など。省くと 24 時間前"}),
                      value_option("--until", Takes::Until, {"until then; now when not given", "この時刻まで。省くと今まで"}),
                      {"--by", OptionKind::Value, {"one line for each of the largest of these", "内訳を示す項目"}, {"destination", "sender", "account", "class", "mailbox"}, true},
                      {"--of", OptionKind::Value, {"where the mail waited, or what arrived; domains when not given", "対象(arrivals は受信した量)。省略すると domains"}, {"incoming", "holding", "domains", "arrivals"}, true}},
          .run = run,
          .more = {"INCOMING counts messages before their first attempt, HOLDING messages that wait for another, DOMAINS the recipients they wait for: count / size / age of the oldest, each the largest in its time. ARRIVED is counted by whole hours, the running one as far as UNTIL says; of more than 60 days ago, by days. Minutes are kept for 2 days, hours for 60, days for 400. It works while deliver is stopped.",
                   "INCOMING は初回配送前のメール、HOLDING は再送を待つメール、DOMAINS はその宛先の数。件数 / 容量 / 最古の経過時間を、それぞれ期間内の最大値で示す。受信は 1 時間単位で数え(60 日より前は 1 日単位)、今の 1 時間は「終了」の時刻までの分を示す。分単位は 2 日、時間単位は 60 日、日単位は 400 日残る。deliver の停止中も使える。"}};
}

}  // namespace hikyaku::cli
