// Telling clamd: known to work with the new patterns only when it says so, and told again when it did not hear.
#include "services/virusdb/clamd_talk.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/listener.h"
#include "io/test_folder.h"
#include "services/virusdb/updater.h"

using namespace hikyaku;
using namespace hikyaku::virusdb;

namespace {

// A clamd of the test's own: one question a connection.
class Daemon {
 public:
  explicit Daemon(const std::string& path) : listening_(*io::listen_on(io::SocketAddress::unix_path(path))), thread_([this](const std::stop_token& stop) { run(stop); }) {}
  std::atomic<int> reloads{0}, old_answers{0};  // old_answers: so many times VERSION still names the old patterns
  std::atomic<bool> reload_works{true}, finds{true};

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd wait{listening_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 50) <= 0) continue;
      const io::Descriptor peer(::accept(listening_.get(), nullptr, nullptr));
      if (!peer) continue;
      char octets[4'096];
      pollfd readable{peer.get(), POLLIN, 0};
      (void)::poll(&readable, 1, 5'000);
      const auto got = ::recv(peer.get(), octets, sizeof octets, 0);
      const std::string_view said(octets, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      std::string answer = "UNKNOWN COMMAND";
      if (said.starts_with("zRELOAD")) answer = (++reloads, reload_works) ? "RELOADING" : "busy";
      else if (said.starts_with("zVERSION")) answer = old_answers-- > 0 ? "ClamAV 1.4.6/27000/Sun Nov 22 09:30:00 2026" : "ClamAV 1.4.6/27001/Sun Nov 22 09:30:00 2026";
      else if (said.starts_with("zINSTREAM")) answer = finds ? "stream: Eicar-Test FOUND" : "stream: OK";
      (void)!::send(peer.get(), answer.c_str(), answer.size() + 1, MSG_NOSIGNAL);
    }
  }
  io::Descriptor listening_;
  std::jthread thread_;
};

Telling telling(std::uint64_t daily, Duration limit) { return {.infected = test_virus(), .daily = daily, .limit = limit}; }

constexpr const char* scanner = R"(#!/bin/sh
cat "${1#--database=}"/words 2>/dev/null && exit 2
echo "$5: Eicar FOUND"; echo "$6: OK"; exit 1
)";

}  // namespace

TEST_CASE("clamd: it works with the new patterns when its version says so, not before") {
  const io::TestFolder folder;
  const auto at = io::SocketAddress::unix_path(folder / "clamd");
  CHECK_FALSE(tell_clamd(at, telling(0, 1s)).empty());  // away
  Daemon daemon(folder / "clamd");
  daemon.old_answers = 3;
  CHECK(tell_clamd(at, telling(27'001, 60s)).empty());
  CHECK(daemon.old_answers < 0);  // it was asked until it named them
  CHECK(tell_clamd(at, telling(0, 60s)).empty());  // without patterns of ClamAV's own
  CHECK(tell_clamd(at, telling(27'999, 1s)).find("27001, not with 27999") != std::string::npos);
  daemon.finds = false;
  CHECK(tell_clamd(at, telling(27'001, 1s)).find("does not find") != std::string::npos);
  daemon.reload_works = false;
  CHECK(tell_clamd(at, telling(27'001, 10s)).find("answered RELOAD") != std::string::npos);
}

TEST_CASE("clamd: nobody waits for it when the service is to stop") {
  const io::TestFolder folder;
  Daemon daemon(folder / "clamd");
  daemon.finds = false;
  const int stop = ::eventfd(1, EFD_CLOEXEC);
  auto wanted = telling(0, 10min);
  wanted.stop_descriptor = stop;
  CHECK(tell_clamd(io::SocketAddress::unix_path(folder / "clamd"), wanted).find("is to stop") != std::string::npos);
  ::close(stop);
}

TEST_CASE("virusdb: clamd that did not hear of new patterns is told again, until it does") {
  const io::TestFolder folder;
  std::filesystem::create_directories(folder / "source");
  std::ofstream(folder / "source/a.ndb") << "eicar";
  std::ofstream(folder / "scanner") << scanner;
  ::chmod((folder / "scanner").c_str(), 0755);
  UpdaterOptions options;
  options.folder = folder / "virusdb", options.source_folder = folder / "source", options.clamscan = folder / "scanner";
  options.clamd = io::SocketAddress::unix_path(folder / "clamd"), options.clamd_limit = 10s;
  const WallTime now{std::chrono::seconds{1'000}};
  CHECK_FALSE(*Updater(options).tell_again(now));  // nothing is in force yet
  const auto updated = Updater(options).update(now, Force::No);
  REQUIRE(*updated);
  CHECK((*updated)->kind == Kind::Updated);
  CHECK((*updated)->why.find("clamd was not told") != std::string::npos);
  CHECK_FALSE((*Updater(options).tell_again(now))->why.empty());  // still away
  Daemon daemon(folder / "clamd");
  const auto told = Updater(options).tell_again(now);
  REQUIRE(*told);
  CHECK((*told)->why.empty());
  CHECK((*told)->generation == 1);
  CHECK_FALSE(*Updater(options).tell_again(now));  // once
  CHECK(daemon.reloads == 1);
}

TEST_CASE("virusdb: clamscan's own trouble rejects no patterns") {
  struct Row {
    const char* words;
    Kind kind;
  };
  for (const auto& row : {Row{"ERROR: Malformed database", Kind::Refused}, {"LibClamAV Error: Can't verify database integrity\nERROR: Broken or not a CVD file", Kind::Refused},
                          {"ERROR: Can't allocate memory", Kind::Failed}, {"ERROR: Malformed database: out of memory", Kind::Failed}, {"ERROR: Can't create temporary directory", Kind::Failed},
                          {"ERROR: No space left on device", Kind::Failed}, {"something else", Kind::Failed}}) {
    CAPTURE(row.words);
    const io::TestFolder folder;
    std::filesystem::create_directories(folder / "source");
    std::ofstream(folder / "source/a.ndb") << "eicar";
    std::ofstream(folder / "words") << row.words;
    std::ofstream(folder / "scanner") << "#!/bin/sh\ncat '" << folder / "words" << "'; echo; exit 2\n";
    ::chmod((folder / "scanner").c_str(), 0755);
    UpdaterOptions options;
    options.folder = folder / "virusdb", options.source_folder = folder / "source", options.clamscan = folder / "scanner";
    const auto first = Updater(options).update(WallTime{std::chrono::seconds{1'000}}, Force::No);
    REQUIRE(*first);
    CHECK((*first)->kind == row.kind);
    // Our own trouble is tried again without a word from anybody.
    std::ofstream(folder / "scanner") << scanner;
    const auto again = Updater(options).update(WallTime{std::chrono::seconds{2'000}}, Force::No);
    CHECK((*again).has_value() == (row.kind == Kind::Failed));
  }
}

TEST_CASE("virusdb: what a fetch of an earlier life still writes gets nowhere, and a stop ends the fetch") {
  const io::TestFolder folder;
  std::filesystem::create_directories(folder / "virusdb/staging-1-1");
  std::filesystem::create_directories(folder / "virusdb/staging");
  std::ofstream(folder / "virusdb/staging/evil.ndb") << "eicar all";
  // A freshclam that writes where it is told, and would take its time.
  std::ofstream(folder / "freshclam") << "#!/bin/sh\nto=$(sed -n 's/^DatabaseDirectory //p' \"${1#--config-file=}\")\necho \"$to\" > '" << folder / "where" << "'\necho eicar > \"$to/a.ndb\"\n[ -e '" << folder / "slow" << "' ] && sleep 600\nexit 0\n";
  std::ofstream(folder / "scanner") << scanner;
  for (const auto* program : {"freshclam", "scanner"}) ::chmod((folder / program).c_str(), 0755);
  UpdaterOptions options;
  options.folder = folder / "virusdb", options.mirrors = {"mirror.example"}, options.freshclam = folder / "freshclam", options.clamscan = folder / "scanner";
  const auto updated = Updater(options).update(WallTime{std::chrono::seconds{1'000}}, Force::No);
  REQUIRE(*updated);
  CHECK((*updated)->kind == Kind::Updated);
  CHECK_FALSE(std::filesystem::exists(folder / "virusdb/staging"));
  CHECK_FALSE(std::filesystem::exists(folder / "virusdb/staging-1-1"));
  std::ifstream where(folder / "where");
  std::string first, second;
  where >> first;
  CHECK(first.find("staging-") != std::string::npos);
  std::ofstream(folder / "slow") << "x";
  options.stop_descriptor = ::eventfd(1, EFD_CLOEXEC);
  const SystemClock clock;
  const auto begun = clock.now();
  const auto stopped = Updater(options).update(WallTime{std::chrono::seconds{2'000}}, Force::No);
  CHECK(clock.now() - begun < 300s);
  CHECK((*stopped)->why.find("is to stop") != std::string::npos);
  ::close(options.stop_descriptor);
}
