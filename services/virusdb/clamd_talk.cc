#include "services/virusdb/clamd_talk.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/descriptor.h"
#include "protocol/clamd/command.h"
#include "protocol/clamd/reply.h"

namespace hikyaku::virusdb {
namespace {

constexpr Duration look_interval = 200ms, one_question = 10s;

std::string trouble(const io::SocketAddress& clamd) {
  return "clamd at " + clamd.to_string() + ": " + (errno == EAGAIN || errno == EWOULDBLOCK ? std::string("no answer in time") : std::string(std::strerror(errno)));
}

// Whether it works with the new patterns. The old ones find the test virus too: only their number tells.
std::string objection(const io::SocketAddress& clamd, const std::string& stream, std::uint64_t daily) {
  if (daily != 0) {
    const auto said = ask_clamd(clamd, clamd::version, one_question);
    if (!said) return said.error();
    const auto version = clamd::parse_version(*said);
    if (!version || version->patterns != daily) return "clamd works with patterns " + (version ? std::to_string(version->patterns) : *said) + ", not with " + std::to_string(daily);
  }
  const auto reply = ask_clamd(clamd, stream, one_question);
  if (!reply) return reply.error();
  return clamd::parse_scan_reply(*reply).verdict == clamd::Verdict::Infected ? std::string{} : "clamd does not find the test virus with the new patterns: " + *reply;
}

}  // namespace

Result<std::string, std::string> ask_clamd(const io::SocketAddress& clamd, std::string_view octets, Duration limit) {
  sockaddr_storage storage;
  const auto length = clamd.to_system(storage);
  if (length == 0) return failure(std::string("the path of clamd's socket is too long"));
  const io::Descriptor line(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
  const timeval time{static_cast<time_t>(micros / 1'000'000), static_cast<suseconds_t>(micros % 1'000'000)};
  if (!line || ::setsockopt(line.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0 || ::setsockopt(line.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) != 0)
    return failure(trouble(clamd));
  if (::connect(line.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) return failure(trouble(clamd));
  while (!octets.empty()) {
    const auto sent = ::send(line.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return failure(trouble(clamd));
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
  clamd::ReplyReader reply;
  for (char part[1'024];;) {
    const auto got = ::recv(line.get(), part, sizeof part, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(trouble(clamd));
    if (got == 0 || reply.receive({part, static_cast<std::size_t>(got)})) return reply.text();
  }
}

std::string tell_clamd(const io::SocketAddress& clamd, const Telling& telling) {
  const SystemClock clock;
  const auto end = clock.now() + telling.limit;
  const auto told = ask_clamd(clamd, clamd::reload, one_question);
  if (!told) return told.error();
  if (*told != "RELOADING") return "clamd answered RELOAD with \"" + *told + "\"";
  const std::string stream = std::string(clamd::instream) + clamd::chunk_head(static_cast<std::uint32_t>(telling.infected.size())) + telling.infected + clamd::chunk_head(0);
  std::string why;
  while (clock.now() < end) {
    why = objection(clamd, stream, telling.daily);
    if (why.empty()) return {};
    pollfd stop{telling.stop_descriptor, POLLIN, 0};
    if (::poll(&stop, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(look_interval).count())) > 0) return "this service is to stop";
  }
  return why;
}

}  // namespace hikyaku::virusdb
