#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/history/arrivals.h"
#include "services/history/chart.h"
#include "services/history/files.h"
#include "services/history/line.h"
#include "services/history/top_tally.h"

namespace hikyaku::history {
namespace {

Time at(std::string_view day, int hour = 0, int minute = 0) { return *parse_utc_day(day) + std::chrono::hours{hour} + std::chrono::minutes{minute}; }

std::string line_of(const Point& point) {
  std::string line;
  append_line(line, point);
  line.pop_back();
  return line;
}

TEST_CASE("a line comes back as it was written, and a damaged one does not") {
  const Point point{at("2026-11-22", 9, 30), {Place::Domains, Dimension::Destination, "mx:a.example"}, {12, 48'200, 5'400}};
  const auto line = line_of(point);
  REQUIRE(parse_line(line));
  CHECK(*parse_line(line) == point);
  for (std::size_t i = 0; i < line.size(); ++i) {
    auto broken = line;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    CHECK_FALSE(parse_line(broken));
    CHECK_FALSE(parse_line(line.substr(0, i)));
  }
  CHECK_FALSE(parse_line(line + "0"));
  const auto odd = line_of({at("2026-11-22"), {Place::Incoming, Dimension::Sender, "a\tb\nc\x7f" + std::string(1'000, 'x')}, {}});
  REQUIRE(parse_line(odd));
  CHECK(parse_line(odd)->series.name.substr(0, 7) == "a?b?c?x");
  CHECK(parse_line(odd)->series.name.size() == longest_name);
}

TEST_CASE("a torn line costs itself alone") {
  io::SimulatedDisk disk({.seed = 3});
  HistoryWriter writer(disk, "/history");
  REQUIRE(writer.append({{at("2026-11-22", 1), {Place::Incoming, Dimension::Total, {}}, {1, 1, 1}}}));
  const std::string path = "/history/minutes/2026-11-22.tsv";
  {
    auto file = *disk.open(path, io::OpenMode::ReadWrite);
    REQUIRE(file->write_at(*file->size(), "1795305600\tincoming\ttot"));
  }
  REQUIRE(writer.append({{at("2026-11-22", 1, 1), {Place::Incoming, Dimension::Total, {}}, {2, 2, 2}}}));
  std::vector<std::uint64_t> counts;
  const auto read = HistoryReader(disk, "/history").read(at("2026-11-22"), at("2026-11-23"), [&](const Point& point, Span) { counts.push_back(point.figures.count); });
  CHECK(counts == std::vector<std::uint64_t>{1, 2});
  CHECK(read.damaged_lines == 1);
}

TEST_CASE("the first sample is the oldest level there is; arrivals are none") {
  io::SimulatedDisk disk({.seed = 5});
  HistoryWriter writer(disk, "/history");
  const HistoryReader reader(disk, "/history");
  CHECK_FALSE(reader.first_sample());
  REQUIRE(writer.append({{at("2026-11-19", 3), {Place::Arrivals, Dimension::Total, {}}, {5, 5, 0}}}));  // imported mail, of a time before
  CHECK_FALSE(reader.first_sample());
  REQUIRE(writer.append({{at("2026-11-22", 9, 7), {Place::Incoming, Dimension::Total, {}}, {1, 1, 1}}, {at("2026-11-22", 9, 8), {Place::Incoming, Dimension::Total, {}}, {1, 1, 1}}}));
  CHECK(reader.first_sample() == at("2026-11-22", 9, 7));
  REQUIRE(writer.thin(at("2026-11-26")));  // minutes become hours
  CHECK(reader.first_sample() == at("2026-11-22", 9));
  REQUIRE(writer.append({{at("2026-11-26", 1), {Place::Domains, Dimension::Total, {}}, {1, 1, 1}}}));
  CHECK(reader.first_sample() == at("2026-11-22", 9));
  REQUIRE(writer.thin(at("2027-02-26")));  // and those a day
  CHECK(reader.first_sample() == at("2026-11-22"));
}

TEST_CASE("four hundred days of history are thinned, stay bounded, and keep peaks and sums") {
  io::SimulatedDisk disk({.seed = 4});
  HistoryWriter writer(disk, "/history");
  const auto begin = at("2025-09-01");
  constexpr int days = 460;
  for (int day = 0; day < days; ++day) {
    std::vector<Point> points;
    for (int hour = 0; hour < 24; ++hour) {
      const auto start = begin + std::chrono::days{day} + std::chrono::hours{hour};
      points.push_back({start, {Place::Arrivals, Dimension::Total, {}}, {10, 1'000, 0}});
      for (int name = 0; name < 30; ++name)
        points.push_back({start, {Place::Arrivals, Dimension::Destination, "d" + std::to_string(name) + ".example"}, {static_cast<std::uint64_t>(name + 1), 10, 0}});
      for (const int minute : {0, 30})
        points.push_back({start + std::chrono::minutes{minute}, {Place::Domains, Dimension::Total, {}}, {static_cast<std::uint64_t>(hour * 100 + minute), 5, 60}});
    }
    REQUIRE(writer.append(points));
    REQUIRE(writer.thin(begin + std::chrono::days{day} + std::chrono::hours{23}));
  }
  const auto now = begin + std::chrono::days{days - 1} + std::chrono::hours{23};
  CHECK(disk.list("/history/minutes")->size() == 3);
  CHECK(disk.list("/history/hours")->size() == 61);
  CHECK(disk.list("/history/days")->size() <= 15);
  std::uint64_t arrived = 0, named = 0, peak = 0, oldest_days = 0;
  HistoryReader(disk, "/history").read(begin, now + std::chrono::hours{1}, [&](const Point& point, Span span) {
    const auto& series = point.series;
    if (series.place == Place::Arrivals && series.by == Dimension::Total) arrived += point.figures.count;
    if (series.place == Place::Arrivals && series.by == Dimension::Destination) named += point.figures.count;
    if (series.place == Place::Domains && span == Span::Day) peak = std::max(peak, point.figures.count), ++oldest_days;
  });
  CHECK(peak == 2'330);
  CHECK(oldest_days > 330);
  CHECK(arrived % 240 == 0);  // whole days: none was counted twice or lost
  CHECK(arrived >= 400 * 240);
  CHECK(named == arrived / 10 * (30 * 31 / 2));  // the others are in their sum
  const auto before = disk.list("/history/days")->size();
  REQUIRE(writer.thin(now));
  CHECK(disk.list("/history/days")->size() == before);
}

TEST_CASE("a crash while a day is folded counts its arrivals once") {
  io::SimulatedDisk disk({.seed = 5});
  HistoryWriter writer(disk, "/history");
  const Point point{at("2026-01-05", 3), {Place::Arrivals, Dimension::Total, {}}, {7, 70, 0}};
  REQUIRE(writer.append({point}));
  const auto hours = *io::read_file(disk, "/history/hours/2026-01-05.tsv");
  REQUIRE(writer.thin(at("2026-06-01")));
  REQUIRE(io::replace_file(disk, "/history/hours/2026-01-05.tsv", hours));  // as if it had not been removed
  REQUIRE(writer.thin(at("2026-06-01")));
  std::uint64_t sum = 0;
  HistoryReader(disk, "/history").read(at("2026-01-01"), at("2026-02-01"), [&](const Point& one, Span) { sum += one.figures.count; });
  CHECK(sum == 7);
}

TEST_CASE("the largest names are found among any number, and nothing leaves the sum") {
  TopTally tally;
  const auto each = [](auto use) {
    for (std::uint64_t key = 1; key <= 200'000; ++key) use(key);
    for (std::uint64_t heavy = 1; heavy <= 5; ++heavy)
      for (std::uint64_t i = 0; i < heavy * 1'000; ++i) use(1'000'000 + heavy);
  };
  each([&](std::uint64_t key) { tally.weigh(key); });
  tally.choose(256);
  each([&](std::uint64_t key) { tally.count(key, {1, 10, 5}); });
  const auto top = tally.top(5);
  REQUIRE(top.named.size() == 5);
  for (std::uint64_t i = 0; i < 5; ++i) {
    CHECK(top.named[i].first == 1'000'005 - i);
    CHECK(top.named[i].second.figures.count == (5 - i) * 1'000);
  }
  CHECK(top.others.count == 200'000);
  CHECK(top.others.octets == 2'000'000);
}

Envelope mail(std::string sender, std::vector<std::string> domains, WallTime accepted) {
  Envelope envelope;
  envelope.reverse_path.address = {std::move(sender), "a.example"};
  for (auto& domain : domains) envelope.recipients.push_back({{"r", std::move(domain)}, "", {}});
  envelope.accepted_at = accepted;
  envelope.body_octets = 100;
  return envelope;
}

TEST_CASE("arrivals count for the hour of their acceptance, once, and in bounded memory") {
  ArrivalCount count;
  const auto now = at("2026-11-22", 12, 10);
  count.start_after(at("2026-11-22", 9));
  count.arrived(mail("x", {"old.example"}, at("2026-11-22", 8, 59)));  // of an earlier life
  count.arrived(mail("x", {"b.example", "B.example", "c.example"}, at("2026-11-22", 10, 5)));
  for (int i = 0; i < 10'000; ++i) count.arrived(mail("s" + std::to_string(i), {"d.example"}, at("2026-11-22", 11, 1)));
  count.arrived(mail("x", {"b.example"}, now));
  CHECK(count.counted_until() == now);
  const auto running = count.running(now);
  REQUIRE(running.size() == 4);
  CHECK(running.front() == Point{at("2026-11-22", 12), {Place::Arrivals, Dimension::Total, {}}, {1, 100, 0}});
  CHECK(count.running(now) == running);
  std::uint64_t total = 0, senders = 0, lines = 0, b = 0;
  for (const auto& point : count.take(now, ArrivalCount::Which::OverOnly)) {
    CHECK(point.at < at("2026-11-22", 12));
    ++lines;
    if (point.series.by == Dimension::Total) total += point.figures.count;
    if (point.series.by == Dimension::Sender) senders += point.figures.count;
    if (point.series.name == "b.example") b += point.figures.count;
  }
  CHECK(total == 10'001);
  CHECK(senders == 10'001);
  CHECK(b == 1);
  CHECK(lines < 2 * (3 * (ArrivalCount::most_named + 1) + 1));
  CHECK(count.take(now, ArrivalCount::Which::OverOnly).empty());
  CHECK(count.take(now, ArrivalCount::Which::All).size() == 4);
}

TEST_CASE("the running hour is told so far, and nothing of it twice when it is over") {
  io::SimulatedDisk disk({.seed = 9});
  HistoryWriter writer(disk, "/history");
  const HistoryReader reader(disk, "/history");
  REQUIRE(disk.make_folder("/history"));
  CHECK_FALSE(reader.running().until);
  const auto hour = [](int of, std::uint64_t count) { return Point{at("2026-11-22", of), {Place::Arrivals, Dimension::Total, {}}, {count, 100, 0}}; };
  REQUIRE(writer.set_known_until(at("2026-11-22", 11)));
  CHECK(reader.running().until == at("2026-11-22", 11));
  REQUIRE(writer.set_running({hour(11, 3)}, at("2026-11-22", 11, 20)));
  CHECK(reader.running().until == at("2026-11-22", 11, 20));
  CHECK(reader.running().arrivals == std::vector<Point>{hour(11, 3)});
  // The hour is over: in the files already, and not yet taken out of here.
  REQUIRE(writer.set_running({hour(11, 5), hour(12, 1)}, at("2026-11-22", 12, 1)));
  REQUIRE(writer.append({hour(11, 5)}));
  REQUIRE(writer.set_known_until(at("2026-11-22", 12)));
  CHECK(reader.running().arrivals == std::vector<Point>{hour(12, 1)});
  // deliver ended: everything is in the files.
  REQUIRE(writer.append({hour(12, 4)}));
  REQUIRE(writer.set_known_until(at("2026-11-22", 12, 30)));
  CHECK(reader.running().arrivals.empty());
  CHECK(reader.running().until == at("2026-11-22", 12, 30));
}

TEST_CASE("arrivals for mailboxes here have their addresses, in any case of letters, once a message") {
  ArrivalCount count;
  const auto now = at("2026-11-22", 12, 10);
  const auto is_here = [](std::string_view domain) { return domain == "here.example"; };
  auto one = mail("x", {"Here.Example", "far.example", "here.example"}, at("2026-11-22", 10, 5));
  one.recipients[0].address.local_part = "R";
  count.arrived(one, is_here);
  one.recipients.push_back({{"s", "here.example"}, "", {}});
  count.arrived(one, is_here);
  count.arrived(mail("x", {"far.example"}, at("2026-11-22", 10, 6)), is_here);
  count.arrived(mail("x", {"here.example"}, at("2026-11-22", 10, 7)));  // nobody says what is here
  for (int i = 0; i < 300; ++i) one.recipients.push_back({{"m" + std::to_string(i), "here.example"}, "", {}});
  one.envelope_id = "many";
  count.arrived(one, is_here);
  std::map<std::string, std::uint64_t> mailboxes;
  std::uint64_t all = 0;
  for (const auto& point : count.take(now, ArrivalCount::Which::OverOnly)) {
    if (point.series.by != Dimension::Mailbox) continue;
    mailboxes[point.series.name] += point.figures.count;
    all += point.figures.count;
  }
  CHECK(mailboxes["r@here.example"] == 3);
  CHECK(mailboxes["s@here.example"] == 2);
  CHECK(!mailboxes.contains("r@far.example"));
  CHECK(mailboxes.size() <= ArrivalCount::most_named + 1);
  CHECK(all == 1 + 2 + 100);
}

TEST_CASE("a chart shows the largest of levels, the sum of arrivals, and where nothing was sampled") {
  const auto begin = at("2026-11-22");
  Chart chart(begin, begin + std::chrono::hours{2}, 4);
  const Series level{Place::Incoming, Dimension::Total, {}}, arrivals{Place::Arrivals, Dimension::Total, {}};
  for (const int minute : {0, 1, 2, 31}) {
    chart.add({begin + std::chrono::minutes{minute}, level, {static_cast<std::uint64_t>(minute + 1), 0, 0}});
    chart.add({begin + std::chrono::minutes{minute}, arrivals, {2, 0, 0}});
  }
  chart.add({begin - std::chrono::minutes{1}, level, {99, 0, 0}});
  chart.add({begin + std::chrono::hours{2}, level, {99, 0, 0}});
  const auto& line = chart.lines().at(level);
  REQUIRE(chart.steps() == 4);
  REQUIRE(line.at(0) != nullptr);
  CHECK(line.at(0)->count == 3);
  CHECK(line.at(1)->count == 32);
  CHECK(line.at(2) == nullptr);
  CHECK(chart.lines().at(arrivals).at(0)->count == 6);
  CHECK(Chart::last(line).count == 32);
  CHECK(sparkline(line, 4, 32) == "▁█··");
}

TEST_CASE("a chart of what was counted for an hour has no finer steps, and as many whole hours as are needed") {
  const auto begin = at("2026-11-22");
  const Series arrivals{Place::Arrivals, Dimension::Total, {}};
  for (const auto& [hours, steps, each] : {std::tuple{2, 2, 1}, {48, 48, 1}, {49, 25, 2}, {24 * 7, 42, 4}}) {
    Chart chart(begin, begin + std::chrono::hours{hours}, 48, Chart::most_series, std::chrono::hours{1});
    CHECK(chart.steps() == static_cast<std::size_t>(steps));
    CHECK(chart.step() == std::chrono::hours{each});
    for (int hour = 0; hour < hours; ++hour) chart.add({begin + std::chrono::hours{hour}, arrivals, {60, 0, 0}});
    CHECK(chart.lines().at(arrivals).steps().size() == chart.steps());
    CHECK(chart.lines().at(arrivals).at(0)->count == 60 * static_cast<std::uint64_t>(each));
  }
  CHECK(Chart(begin, begin + std::chrono::minutes{10}, 48, Chart::most_series, std::chrono::hours{1}).steps() == 1);
}

TEST_CASE("a chart of a hundred thousand names keeps the largest, and of each the steps it has") {
  const auto begin = at("2026-11-22");
  Chart chart(begin, begin + std::chrono::hours{50}, 500, 100);
  std::size_t steps = 0;
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    const auto step = n * 7919 % 500;
    chart.add({begin + chart.step() * static_cast<std::int64_t>(step), {Place::Domains, Dimension::Sender, "s" + std::to_string(n)}, {n % 777 == 0 ? 50 + n : n % 40, 0, 0}});
    chart.add({begin + chart.step() * static_cast<std::int64_t>(step), {Place::Domains, Dimension::Sender, {}}, {1, 0, 0}});
    CHECK(chart.lines().size() <= 201);
  }
  const auto left_out = chart.leave_out_small();
  CHECK(left_out == 100'000 - 100);
  CHECK(chart.lines().size() == 101);
  for (const auto& [series, line] : chart.lines()) {
    CHECK((series.name.empty() || Chart::largest(line).count > 40));
    steps += series.name.empty() ? 0 : line.steps().size();
  }
  CHECK(steps == 100);
  CHECK(chart.lines().contains({Place::Domains, Dimension::Sender, "s99456"}));  // the largest of them
  CHECK(chart.lines().at({Place::Domains, Dimension::Sender, {}}).steps().size() == 500);
}

}  // namespace
}  // namespace hikyaku::history
