#include "apps/supervisor/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace hikyaku::apps {

namespace {

std::string taken(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value ? value : "";
  unsetenv(name);
  return text;
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  auto address = taken("NOTIFY_SOCKET");
  const auto time_usec = number(taken("WATCHDOG_USEC"));
  const auto pid = taken("WATCHDOG_PID");
  const bool usable = (address.starts_with('/') || address.starts_with('@')) && address.size() > 1 && address.size() < sizeof(sockaddr_un::sun_path);
  if (!usable) return manager;
  if (address.front() == '@') address.front() = '\0';
  manager.socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  manager.address_ = std::move(address);
  const bool for_us = pid.empty() || number(pid) == static_cast<std::uint64_t>(getpid());
  constexpr std::uint64_t longest_usec = 1'000'000ULL * 86'400;
  if (time_usec && *time_usec > 0 && for_us) manager.interval_ = std::chrono::microseconds{std::min(*time_usec, longest_usec)} / 2;
  return manager;
}

void ServiceManager::tell(std::string_view state) const {
  if (!socket_) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  (void)sendto(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), length);
}

void ServiceManager::alive(Instant now) {
  if (!interval_ || now < next_) return;
  tell("WATCHDOG=1");
  next_ = now + *interval_;
}

}  // namespace hikyaku::apps
