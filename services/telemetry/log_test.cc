// Log lines: their form, what is escaped, what happens when the disk is slow, and the daily files.
#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>

#include "services/telemetry/json_text.h"
#include "services/telemetry/log.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::telemetry {
namespace {

std::string json_text(std::string_view text, std::size_t most = 2'000) {
  std::string out;
  append_json_text(out, text, most);
  return out;
}

TEST_CASE("nothing a client says can break a line, a terminal or a parser") {
  struct Row { std::string_view text, want; };
  for (const auto& row : {
           Row{"plain", "\"plain\""},
           Row{"say \"hi\" \\ there", R"("say \"hi\" \\ there")"},
           Row{"a\r\nb", R"("a\u000d\u000ab")"},
           Row{"\x1b[31mred", R"("\u001b[31mred")"},
           Row{std::string_view("a\0b", 3), R"("a\u0000b")"},
           Row{"\x7f", R"("\u007f")"},
           Row{"山田", "\"山田\""},
           Row{"\xc2\x85", R"("\u0085")"},              // C1: next line
           Row{"\xe2\x80\xa8", R"("\u2028")"},          // line separator
           Row{"\xe2\x80\xae", R"("\u202e")"},          // right-to-left override
           Row{"\xff\xfe", R"("\u00ff\u00fe")"},        // no UTF-8
           Row{"\xc0\xaf", R"("\u00c0\u00af")"},        // overlong "/"
           Row{"\xed\xa0\x80", R"("\u00ed\u00a0\u0080")"},  // a surrogate
           Row{"\xe5\xb1", R"("\u00e5\u00b1")"},        // cut in the middle
           Row{"\xf4\x90\x80\x80", R"("\u00f4\u0090\u0080\u0080")"}})  // beyond U+10FFFF
    CHECK(json_text(row.text) == row.want);
  CHECK(json_text("abcdef", 3) == "\"abc...\"");
}

TEST_CASE("a line has only the fields that were given") {
  setenv("TZ", "Asia/Tokyo", 1), tzset();
  const WallTime when{std::chrono::seconds{1'796'000'000} + std::chrono::microseconds{7}};
  const std::string line = json_line(events::mail_delivered, {.message = TraceId{1, 2, 3, 4}, .null_sender = true, .recipient = "b@example.jp",
                                                              .client_port = 25, .octets = 10, .took = 1500us}, when, "deliver");
  CHECK(line == "{\"time\":\"2026-11-30T09:53:20.000007+09:00\",\"level\":\"info\",\"event\":\"mail.delivered\",\"service\":\"deliver\",\"message\":\"" +
                    TraceId{1, 2, 3, 4}.text() + "\",\"sender\":\"\",\"recipient\":\"b@example.jp\",\"client_port\":25,\"octets\":10,\"took_ms\":1.500}");
  CHECK(parse_stamp("2026-11-30T09:53:20.000007+09:00") == when);
  CHECK(parse_stamp(stamp_text(when)) == when);
  for (const auto* wrong : {"", "2026-11-30", "2026-11-30T09:53:20+09:00", "2026-13-30T09:53:20.000007+09:00", "2026-11-31T09:53:20.000007+09:00",
                            "2026-11-30T24:53:20.000007+09:00", "2026-11-30T09:53:20.000007", "2026-11-30T09:53:20.000007+09:00x"})
    CHECK_MESSAGE(!parse_stamp(wrong), wrong);
  unsetenv("TZ"), tzset();
}

TEST_CASE("where time went is told by cause, in milliseconds, without what took none") {
  const WallTime when{std::chrono::seconds{1'796'000'000}};
  const NamedDuration parts[] = {{"slot", 0us}, {"dns", 1'500us}, {"reply", 2s + 7us}};
  const std::string line = json_line(events::mail_sent, {.accepted_at = when, .since = when, .spent = parts}, when, "deliver");
  CHECK(line.ends_with(R"(,"spent_ms":{"dns":1.500,"reply":2000.007}})"));
  CHECK(line.find("since") == std::string::npos);
  const NamedDuration nothing[] = {{"slot", 0us}};
  const std::string later = json_line(events::mail_sent, {.accepted_at = when, .since = when + 1s, .spent = nothing}, when, "deliver");
  CHECK(later.find("\"since\":\"") != std::string::npos);
  CHECK(later.find("spent_ms") == std::string::npos);
}

TEST_CASE("every event is listed, has a name of its own and a sentence in both languages") {
  std::ifstream header("services/telemetry/events.h"), more("services/telemetry/abuse_events.h"), orders("services/telemetry/operator_events.h");
  const std::string text = std::string{std::istreambuf_iterator<char>(header), {}} + std::string{std::istreambuf_iterator<char>(more), {}} + std::string{std::istreambuf_iterator<char>(orders), {}};
  std::size_t declared = 0;
  for (auto at = text.find("inline constexpr Event "); at != std::string::npos; at = text.find("inline constexpr Event ", at + 1)) ++declared;
  CHECK(declared == all_events().size());
  std::set<std::string_view> names;
  for (const auto* event : all_events()) {
    CHECK_MESSAGE(names.insert(event->name).second, event->name);
    CHECK_MESSAGE(event->sentence.ends_with('.'), event->name);
    CHECK_MESSAGE(event->sentence_ja.ends_with("。"), event->name);
    CHECK(find_event(event->name) == event);
  }
  CHECK(find_event("no.such") == nullptr);
}

// A disk that takes nothing until it is told to.
class StuckSink final : public LogSink {
 public:
  bool append(LogName, WallTime, std::string_view more) override {
    std::unique_lock lock(mutex);
    freed.wait(lock, [&] { return open; });
    lines += more;
    return true;
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    open = true;
    freed.notify_all();
  }
  bool contains(std::string_view text) {
    const std::lock_guard lock(mutex);
    return lines.find(text) != std::string::npos;
  }

 private:
  std::mutex mutex;
  std::condition_variable freed;
  bool open = false;
  std::string lines;
};

// A writer that waited would wait for ever.
TEST_CASE("a stuck disk never holds a writer up; what was dropped is counted and told") {
  const SystemClock clock;
  auto owned = std::make_unique<StuckSink>();
  auto& sink = *owned;
  Log log({.service = "t", .queue_octets = 10'000}, std::move(owned), clock);
  for (int i = 0; i < 1'000; ++i) log.write(events::mail_accepted, {.octets = static_cast<std::uint64_t>(i)});
  CHECK(log.dropped() > 500);
  sink.let_go();
  for (int i = 0; i < 50 && !sink.contains("log.dropped"); ++i) log.drain(), usleep(100'000);
  CHECK(sink.contains("log.dropped"));
  CHECK(sink.contains("\"octets\":0}"));
}

TEST_CASE("repeating errors are counted instead of written") {
  ManualClock clock;
  auto owned = std::make_unique<MemorySink>();
  auto& sink = *owned;
  {
    Log log({.service = "t"}, std::move(owned), clock);
    for (int i = 0; i < 100; ++i) log.write(events::storage_trouble, {.reason = "no answer"});
    log.drain();
    CHECK(std::ranges::count(sink.text(), '\n') == 20);
    clock.advance(2s);
    for (int i = 0; i < 30 && !sink.text().contains("suppressed"); ++i) usleep(100'000), log.drain();
    CHECK(sink.text().contains("\"event\":\"log.suppressed\",\"service\":\"t\",\"count\":80,\"text\":\"storage.trouble\""));
  }
}

TEST_CASE("levels") {
  const SystemClock clock;
  Log log({.service = "t"}, std::make_unique<MemorySink>(), clock);
  CHECK(log.wants(events::mail_accepted));
  CHECK_FALSE(log.wants(events::receive_said));
  log.set_level(Level::Trace);
  CHECK(log.wants(events::receive_said));
  log.set_level(Level::Error);
  CHECK_FALSE(log.wants(events::mail_accepted));
}

// A folder of logs, with files of the year 2020 in it; sizes of files, -1 for those that are gone.
struct Folder {
  std::string path = std::filesystem::temp_directory_path() / ("hikyaku-log-" + std::to_string(getpid()));
  explicit Folder(std::initializer_list<const char*> files) {
    for (const auto* name : files) {
      std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
      std::ofstream(path + "/" + name) << "x\n";
    }
  }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] int size(const std::string& name) const {
    return std::filesystem::exists(path + "/" + name) ? static_cast<int>(std::filesystem::file_size(path + "/" + name)) : -1;
  }
};
const WallTime day{std::chrono::seconds{1'796'000'000}};

TEST_CASE("one file a day in the service's own folder; old ones are removed, what is not a log is not") {
  const Folder folder{"receive/inlog/2020-01-01.receive.jsonl", "receive/inlog/2020-01-01.notes", "receive/inlog/notes.txt",
                      "deliver/inlog/2020-01-01.deliver.jsonl", "inlog/2020-01-01.receive.jsonl"};
  const auto sink = file_sink({.folder = folder.path, .service = "receive", .retention_days = 30});
  CHECK(sink->append(LogName::InLog, day, "{1}\n"));
  CHECK(sink->append(LogName::InLog, day + 24h, "{2}\n{3}\n"));
  CHECK(folder.size("receive/inlog/" + day_text(day) + ".receive.jsonl") == 4);
  CHECK(folder.size("receive/inlog/" + day_text(day + 24h) + ".receive.jsonl") == 8);
  CHECK(folder.size("receive/inlog/2020-01-01.receive.jsonl") == -1);
  CHECK(folder.size("receive/inlog/2020-01-01.notes") == 2);
  CHECK(folder.size("receive/inlog/notes.txt") == 2);
  CHECK(folder.size("deliver/inlog/2020-01-01.deliver.jsonl") == 2);
  CHECK(folder.size("inlog/2020-01-01.receive.jsonl") == 2);
}

TEST_CASE("one writer removes what is old in the former layout") {
  const std::string young = "inlog/" + day_text(day) + ".receive.jsonl";
  const Folder folder{"inlog/2020-01-01.receive.jsonl", "outlog/2020-01-01.deliver.jsonl", "inlog/2020-01-01.notes",
                      "deliver/outlog/2020-01-01.deliver.jsonl", young.c_str()};
  const auto sink = file_sink({.folder = folder.path, .service = "supervisor", .retention_days = 30, .former_layout = FormerLayout::RemoveOld});
  CHECK(sink->append(LogName::ServiceLog, day, "{1}\n"));
  CHECK(folder.size("inlog/2020-01-01.receive.jsonl") == -1);
  CHECK(folder.size("outlog/2020-01-01.deliver.jsonl") == -1);
  CHECK(folder.size("inlog/2020-01-01.notes") == 2);
  CHECK(folder.size("deliver/outlog/2020-01-01.deliver.jsonl") == 2);
  CHECK(folder.size(young) == 2);
}

}  // namespace
}  // namespace hikyaku::telemetry

namespace hikyaku::telemetry {
TEST_CASE("a log that cannot be written ends at once, and does not spin over its own reports") {
  struct FailingSink final : LogSink {
    explicit FailingSink(std::atomic<int>& calls) : calls_(calls) {}
    bool append(LogName, WallTime, std::string_view) override { return ++calls_, false; }
    std::atomic<int>& calls_;
  };
  std::atomic<int> calls{0};
  static const SystemClock clock;
  {
    Log log({.service = "test"}, std::make_unique<FailingSink>(calls), clock);
    log.write(events::service_started, {});
    usleep(300'000);
  }
  CHECK(calls.load() <= 3);
}
}  // namespace hikyaku::telemetry
