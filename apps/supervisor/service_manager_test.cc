#include "apps/supervisor/service_manager.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace hikyaku::apps {
namespace {

// The manager's end: a socket by path, or by an abstract name when `path` begins with NUL.
struct Ears {
  io::Descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  explicit Ears(const std::string& path) {
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    std::memcpy(here.sun_path, path.data(), path.size());
    REQUIRE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&here), static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size())) == 0);
  }
  [[nodiscard]] std::string heard() const {
    char octets[512];
    const auto count = recv(socket.get(), octets, sizeof octets, MSG_DONTWAIT);
    return count < 0 ? "(nothing)" : std::string(octets, static_cast<std::size_t>(count));
  }
};

ServiceManager with(const std::string& socket, const char* watchdog = nullptr, const char* pid = nullptr) {
  setenv("NOTIFY_SOCKET", socket.c_str(), 1);
  if (watchdog) setenv("WATCHDOG_USEC", watchdog, 1);
  if (pid) setenv("WATCHDOG_PID", pid, 1);
  auto manager = ServiceManager::from_environment();
  for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) CHECK(std::getenv(name) == nullptr);
  return manager;
}

const std::string path = std::filesystem::temp_directory_path() / ("hikyaku-notify-" + std::to_string(getpid()));
const std::string name = "hikyaku-notify-" + std::to_string(getpid());

TEST_CASE("the service manager hears us, by path and by abstract name") {
  {
    const Ears ears(path);
    with(path).tell("READY=1\nSTATUS=well");
    CHECK(ears.heard() == "READY=1\nSTATUS=well");
  }
  unlink(path.c_str());
  const Ears ears('\0' + name);
  with("@" + name).tell("STOPPING=1");
  CHECK(ears.heard() == "STOPPING=1");
}

TEST_CASE("without a usable socket nothing is said") {
  const Ears ears('\0' + name);
  for (const auto& socket : {std::string(), std::string("/"), std::string("@"), std::string("relative"), std::string(200, '/'), std::string("/nobody/listens")})
    with(socket, "1000000").tell("READY=1");
  CHECK(ears.heard() == "(nothing)");
  CHECK(!with("", "1000000").watchdog_interval());
}

TEST_CASE("the watchdog is fed at half of its time, when it is ours") {
  const Ears ears('\0' + name);
  auto manager = with("@" + name, "3000000", std::to_string(getpid()).c_str());
  CHECK(manager.watchdog_interval() == 1500ms);
  const Instant start{100s};
  manager.alive(start);
  CHECK(ears.heard() == "WATCHDOG=1");
  manager.alive(start + 1s);
  CHECK(ears.heard() == "(nothing)");
  manager.alive(start + 1500ms);
  CHECK(ears.heard() == "WATCHDOG=1");
  struct { const char *usec, *pid; } rows[] = {{nullptr, nullptr}, {"", nullptr}, {"0", nullptr}, {"-1", nullptr}, {"1s", nullptr}, {"3000000", "1"}, {"3000000", "x"}};
  for (const auto& row : rows) CHECK(!with("@" + name, row.usec, row.pid).watchdog_interval());
}

}  // namespace
}  // namespace hikyaku::apps
