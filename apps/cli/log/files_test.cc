#include "apps/cli/log/files.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "services/telemetry/stamp.h"

namespace hikyaku::cli {
namespace {

std::string line(std::string_view minute, std::string_view service) {
  return "{\"time\":\"2026-11-22T09:" + std::string(minute) + ":00.000000+09:00\",\"service\":\"" + std::string(service) + "\"}";
}

// Logs in both layouts, and what is no log.
struct Fixture {
  std::string folder = std::filesystem::temp_directory_path() / ("hikyaku-log-files-" + std::to_string(getpid()));
  Fixture() {
    put("receive/inlog/2026-11-22.receive.jsonl", line("02", "receive") + "\n" + line("05", "receive") + "\n");
    put("imap-front/imap4log/2026-11-22.imap-front.jsonl", line("03", "imap-front") + "\n");
    put("inlog/2026-11-22.receive.jsonl", line("01", "receive") + "\nnot a line\n" + line("04", "receive") + "\n");
    put("inlog/2026-11-21.receive.jsonl", line("00", "receive") + "\n");
    for (const auto* no_log : {"receive/2026-11-22.receive.jsonl", "receive/inlog/2026-11-22.receive.gz", "receive/inlog/deeper/2026-11-22.receive.jsonl",
                               "2026-11-22.receive.jsonl"})
      put(no_log, line("59", "nobody") + "\n");
  }
  ~Fixture() { std::filesystem::remove_all(folder); }
  void put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder + "/" + name).parent_path());
    std::ofstream(folder + "/" + name) << text;
  }
  // The minutes of the lines, in the order they came.
  [[nodiscard]] std::string minutes(LogSelection selection) const {
    selection.folder = folder;
    std::string out;
    for_each_line(selection, [&](const LogLine& found) {
      out += (out.empty() ? "" : " ") + std::string(found.time.substr(14, 2));
      return true;
    });
    return out;
  }
};

TEST_CASE("logs of both layouts are one stream in the order of time") {
  const Fixture logs;
  CHECK(logs.minutes({.logs = {"inlog", "imap4log"}}) == "00 01 02 03 04 05");
  CHECK(logs.minutes({.logs = {"inlog"}}) == "00 01 02 04 05");
  CHECK(logs.minutes({.logs = {"inlog"}, .first_day = "2026-11-22"}) == "01 02 04 05");
  CHECK(logs.minutes({.logs = {"inlog"}, .last_day = "2026-11-21"}) == "00");
  CHECK(logs.minutes({.logs = {"inlog", "imap4log"}, .since = "2026-11-22T09:02:00.000000+09:00"}) == "02 03 04 05");
  CHECK(logs.minutes({.logs = {"inlog", "imap4log"}, .since = "2026-11-22T09:02:00.000001+09:00", .until = "2026-11-22T09:04:00.000000+09:00"}) == "03 04");
  CHECK_MESSAGE(logs.minutes({.logs = {"inlog", "imap4log"}, .since = "2026-11-22T00:02:00.000001+00:00", .until = "2026-11-21T22:04:00.000000-02:00"}) == "03 04", "a shell in another time zone");
  CHECK(logs.minutes({.service = "imap"}) == "03");
  CHECK(logs.minutes({.service = "imap-front"}) == "03");
  CHECK(logs.minutes({.service = "front"}) == "");
  CHECK(logs.minutes({.logs = {"outlog"}}) == "");
  CHECK(selected_files({.folder = logs.folder, .logs = {"inlog"}}).size() == 2);
  CHECK(selected_files({.folder = logs.folder + "/no-such-folder"}).empty());
}

TEST_CASE("log files: a time of another time zone selects the files of the days beside it, too") {
  Fixture logs;  // 09:00 to 09:05 of the 22nd in Japan
  LogSelection selection{.logs = {"inlog"}};
  select_times(selection, telemetry::parse_stamp("2026-11-21T23:30:00.000000+00:00"), telemetry::parse_stamp("2026-11-22T00:04:00.000000+00:00"));
  CHECK(selection.first_day <= "2026-11-21");
  CHECK(selection.last_day >= "2026-11-22");
  CHECK(logs.minutes(selection) == "00 01 02 04");
}

}  // namespace
}  // namespace hikyaku::cli
