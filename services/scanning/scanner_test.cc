#include "services/scanning/scanner.h"

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "io/listener.h"
#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::scanning;

namespace {

// A clamd of the test's own: reads a stream by its chunks, answers as told.
struct Daemon {
  enum class Manner : std::uint8_t { Answer, Silent, HangUpEarly };
  Manner manner = Manner::Answer;
  std::string answer{"stream: OK\0", 11};
  Duration takes{};
  std::vector<std::string> streams;
  std::size_t pings = 0, now = 0, most_at_once = 0;
};

std::uint32_t number_at(const std::string& octets, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(octets[at + i]);
  return number;
}

// The stream, once its last chunk is there.
std::optional<std::string> stream_in(const std::string& octets) {
  std::string stream;
  for (std::size_t at = 10; at + 4 <= octets.size();) {
    const auto length = number_at(octets, at);
    at += 4;
    if (length == 0) return at == octets.size() ? std::optional(stream) : std::nullopt;
    if (octets.size() - at < length) return std::nullopt;
    stream += octets.substr(at, length);
    at += length;
  }
  return std::nullopt;
}

Task<void> serve(io::Loop& loop, io::Accepted accepted, Daemon& daemon) {
  io::Connection peer(loop, std::move(accepted.socket), accepted.peer);
  daemon.most_at_once = std::max(daemon.most_at_once, ++daemon.now);
  std::string got;
  for (bool open = true; open;) {
    if (daemon.manner == Daemon::Manner::HangUpEarly && !got.empty()) break;
    auto reading = peer.read(Instant::max());
    const auto octets = co_await std::move(reading);
    if (!octets) break;
    got += *octets;
    if (daemon.manner == Daemon::Manner::Silent) continue;
    if (got.starts_with("zPING")) {
      ++daemon.pings;
      auto writing = peer.write(std::string_view("PONG\0", 5), Instant::max());
      co_await std::move(writing);
      break;
    }
    auto stream = stream_in(got);
    if (!stream) continue;
    daemon.streams.push_back(*std::move(stream));
    co_await loop.sleep_until(loop.after(daemon.takes));
    open = false;
  }
  if (!got.empty() && daemon.manner != Daemon::Manner::Silent) {
    auto writing = peer.write(daemon.answer, Instant::max());
    co_await std::move(writing);
  }
  --daemon.now;
}

Task<void> listen(io::Loop& loop, io::Listener& listener, Daemon& daemon) {
  for (;;) {
    auto accepting = listener.accept();
    auto accepted = co_await std::move(accepting);
    if (!accepted) co_return;
    loop.spawn(serve(loop, std::move(*accepted), daemon));
  }
}

class Pieces final : public Text {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::string_view, std::string>> next() override {
    if (at_ == pieces_.size()) co_return std::string_view{};
    if (pieces_[at_] == "unreadable") co_return failure(std::string("the disk is broken"));
    co_return std::string_view(pieces_[at_++]);
  }
  [[nodiscard]] std::uint64_t octets() const {
    std::uint64_t sum = 0;
    for (const auto& piece : pieces_) sum += piece.size();
    return sum;
  }

 private:
  const std::vector<std::string> pieces_;
  std::size_t at_ = 0;
};

struct World {
  io::TestFolder folder;
  io::Loop loop;
  Daemon daemon;
  std::shared_ptr<ScanPlaces> places = std::make_shared<ScanPlaces>();
  Scanner scanner{loop, places};
  ScannerOptions options{.clamd = io::SocketAddress::unix_path(folder.path() + "/clamd")};
  io::Listener listener{loop, *io::listen_on(options.clamd)};
  World() { loop.spawn(listen(loop, listener, daemon)); }
};

Task<void> scan_one(World& world, std::vector<std::string> pieces, Scan& into) {
  Pieces text(std::move(pieces));
  auto scanning = world.scanner.scan(world.options, text, text.octets());
  into = co_await std::move(scanning);
}

Scan scan_of(World& world, std::vector<std::string> pieces) {
  Scan result;
  io::run_to_end(world.loop, scan_one(world, std::move(pieces), result));
  return result;
}

Task<void> counted(Task<void> one, int& left) {
  co_await std::move(one);
  --left;
}
Task<void> all_of(io::Loop& loop, const int& left) {
  while (left > 0) co_await loop.sleep_until(loop.after(2ms));
}

}  // namespace

TEST_CASE("scanner: the text arrives whole, whatever its pieces") {
  for (const auto& pieces : {std::vector<std::string>{"short"}, std::vector<std::string>{std::string(200'000, 'a'), "b", std::string(65'536, 'c'), std::string(65'535, 'd')}, std::vector<std::string>{}}) {
    World world;
    std::string whole;
    for (const auto& piece : pieces) whole += piece;
    CHECK(scan_of(world, pieces).outcome == Outcome::Clean);
    REQUIRE(world.daemon.streams.size() == 1);
    CHECK(world.daemon.streams[0] == whole);
  }
}

TEST_CASE("scanner: what clamd says, and what it does not say") {
  struct Row {
    std::string answer;
    Outcome outcome;
    std::string_view name;
  };
  for (const auto& row : {Row{"stream: Eicar-Test-Signature FOUND", Outcome::Infected, "Eicar-Test-Signature"}, Row{"INSTREAM size limit exceeded. ERROR", Outcome::NotAsked, ""},
                          Row{"stream: OK", Outcome::Clean, ""}, Row{"", Outcome::Failed, ""}, Row{"stream: Can't open file or directory ERROR", Outcome::Failed, ""}, Row{"OK", Outcome::Failed, ""}}) {
    World world;
    world.daemon.answer = row.answer.empty() ? "" : row.answer + '\0';
    const auto scan = scan_of(world, {"text"});
    CAPTURE(row.answer);
    CHECK(scan.outcome == row.outcome);
    CHECK(scan.name == row.name);
    CHECK(scan.words.empty() == (scan.outcome == Outcome::Clean || scan.outcome == Outcome::Infected));
  }
}

TEST_CASE("scanner: what is too large for us is not sent; what is too large for clamd alone is our trouble, and told as such") {
  World world;
  world.options.most_octets = 4;
  CHECK(scan_of(world, {"12345"}).outcome == Outcome::TooLarge);
  CHECK(world.daemon.streams.empty());
  World early;
  early.daemon.manner = Daemon::Manner::HangUpEarly, early.daemon.answer = std::string("INSTREAM size limit exceeded. ERROR\0", 36);
  const auto refused = scan_of(early, {std::string(8 << 20, 'x')});
  CHECK(refused.outcome == Outcome::NotAsked);
  CHECK(refused.words.find("StreamMaxLength") != std::string::npos);
  World cut;
  cut.daemon.manner = Daemon::Manner::HangUpEarly, cut.daemon.answer = std::string("stream: OK\0", 11);
  CHECK(scan_of(cut, {std::string(8 << 20, 'x')}).outcome != Outcome::Clean);  // it has not seen all of it
}

TEST_CASE("scanner: away, cut off, unreadable") {
  World away;
  away.options.clamd = io::SocketAddress::unix_path(away.folder.path() + "/nobody");
  CHECK(scan_of(away, {"text"}).outcome == Outcome::Away);
  World cut;
  cut.daemon.manner = Daemon::Manner::HangUpEarly, cut.daemon.answer = "";
  CHECK(scan_of(cut, {"text"}).outcome == Outcome::Failed);
  World broken;
  const auto scan = scan_of(broken, {"begins", "unreadable"});
  CHECK(scan.outcome == Outcome::NotAsked);
  CHECK(scan.words == "the disk is broken");
  CHECK(broken.daemon.streams.empty());
}

TEST_CASE("scanner: only so many at once, the others in turn, none lost") {
  World world;
  world.options.at_once = 3, world.daemon.takes = 5ms;
  std::vector<Scan> results(20);
  int left = 20;
  for (auto& result : results) world.loop.spawn(counted(scan_one(world, {"text"}, result), left));
  io::run_to_end(world.loop, all_of(world.loop, left));
  for (const auto& result : results) CHECK(result.outcome == Outcome::Clean);
  CHECK(world.daemon.most_at_once == 3);
  CHECK(world.places->running() == 0);
}

TEST_CASE("scanner: one that stands still costs two scans their time, the next ones a ping") {
  World world;
  world.daemon.manner = Daemon::Manner::Silent;
  world.options.scan_limit = 50ms, world.options.connect_limit = 500ms;
  Scan first, second, third, fourth;
  int left = 2;
  world.loop.spawn(counted(scan_one(world, {"a"}, first), left));
  world.loop.spawn(counted(scan_one(world, {"b"}, second), left));
  const auto rest = [](World& at, const int& waited, Scan& c, Scan& d) -> Task<void> {
    while (waited > 0) co_await at.loop.sleep_until(at.loop.after(2ms));
    at.options.scan_limit = 1h;  // now a ping alone limits it
    auto asking = scan_one(at, {"c"}, c);
    co_await std::move(asking);
    at.daemon.manner = Daemon::Manner::Answer;
    at.options.connect_limit = 1h;
    auto again = scan_one(at, {"d"}, d);
    co_await std::move(again);
  };
  io::run_to_end(world.loop, rest(world, left, third, fourth));
  CHECK(first.outcome == Outcome::Slow);
  CHECK(second.outcome == Outcome::Slow);
  CHECK(third.outcome == Outcome::Slow);
  CHECK(fourth.outcome == Outcome::Clean);
  CHECK(world.daemon.pings == 1);
  CHECK(world.daemon.streams == std::vector<std::string>{"d"});
}

TEST_CASE("scanner: who waits for a place waits no longer than a scan may take") {
  World world;
  world.daemon.manner = Daemon::Manner::Silent;
  world.options.at_once = 1, world.options.scan_limit = 60ms;
  std::vector<Scan> results(4);
  int left = 4;
  for (auto& result : results) world.loop.spawn(counted(scan_one(world, {"text"}, result), left));
  io::run_to_end(world.loop, all_of(world.loop, left));
  for (const auto& result : results) CHECK(result.outcome == Outcome::Slow);
}

TEST_CASE("scanner: addresses of clamd") {
  CHECK(clamd_address("/run/clamav/clamd.ctl")->path() == "/run/clamav/clamd.ctl");
  CHECK(clamd_address("unix:/run/clamd")->path() == "/run/clamd");
  CHECK(clamd_address("127.0.0.1:3310")->port() == 3310);
  CHECK(clamd_address("[::1]:3310")->to_string() == "[::1]:3310");
  for (const char* bad : {"", "clamd", "localhost:3310", "127.0.0.1", "::1:3310", "[::1]", "run/clamd"}) CHECK_MESSAGE(!clamd_address(bad), bad);
}

TEST_CASE("scanner: places are those of all loops together") {
  ScanPlaces places;
  constexpr int loops = 4, each = 50;
  std::atomic<int> running{0}, most{0}, done{0};
  struct Worker {
    static Task<void> work(io::Loop& loop, ScanPlaces& places, std::atomic<int>& running, std::atomic<int>& most, std::atomic<int>& done) {
      for (int i = 0; i < each; ++i) {
        auto entering = places.enter(loop, 3, loop.after(60s));
        const bool entered = co_await std::move(entering);
        CHECK(entered);
        const int now = ++running;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        co_await loop.sleep_until(loop.after(100us));
        --running;
        places.leave();
        ++done;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < loops; ++i)
    threads.emplace_back([&] {
      io::Loop loop;
      io::run_to_end(loop, Worker::work(loop, places, running, most, done));
    });
  threads.clear();
  CHECK(done == loops * each);
  CHECK(most <= 3);
  CHECK(places.running() == 0);
}

TEST_CASE("scanner: one loop alone may have all places, and who gives up leaves its turn to the next") {
  struct Script {
    static Task<void> run(io::Loop& loop, ScanPlaces& places) {
      for (int i = 0; i < 8; ++i) {
        auto entering = places.enter(loop, 8, loop.after(10s));
        CHECK(co_await std::move(entering));
      }
      auto late = places.enter(loop, 8, loop.after(20ms));
      CHECK_FALSE(co_await std::move(late));
      places.leave();
      auto next = places.enter(loop, 8, loop.after(10s));
      CHECK(co_await std::move(next));
      for (int i = 0; i < 8; ++i) places.leave();
      CHECK(places.running() == 0);
    }
  };
  ScanPlaces places;
  io::Loop loop;
  io::run_to_end(loop, Script::run(loop, places));
}
