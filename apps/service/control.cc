#include "apps/service/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/wire.h"

namespace hikyaku::apps {

namespace {

constexpr std::size_t most_descriptors = 200;  // the kernel's limit is 253
constexpr std::size_t most_text = 4 << 20;

int memory_file(std::string_view text) {
  const int file = memfd_create("hikyaku-control", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -1;
  for (std::string_view rest = text; !rest.empty();) {
    const auto count = write(file, rest.data(), rest.size());
    if (count <= 0) return close(file), -1;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return file;
}

std::optional<std::string> whole_text(int file) {
  const auto size = lseek(file, 0, SEEK_END);
  if (size < 0 || static_cast<std::size_t>(size) > most_text) return std::nullopt;
  std::string text(static_cast<std::size_t>(size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const auto count = pread(file, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (count <= 0) return std::nullopt;
    at += static_cast<std::size_t>(count);
  }
  return text;
}

ssize_t send_within(int socket, const msghdr& header, Duration limit) {
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    const auto sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0 || (errno != EAGAIN && errno != EINTR)) return sent;
    const auto left = limit - (std::chrono::steady_clock::now() - begun);
    if (left <= Duration{}) return -1;
    pollfd room{socket, POLLOUT, 0};
    poll(&room, 1, static_cast<int>(std::min<std::int64_t>(1'000, std::chrono::ceil<std::chrono::milliseconds>(left).count())));
  }
}

std::vector<int> take_descriptors(const msghdr& header) {
  std::vector<int> found;
  for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(const_cast<msghdr*>(&header), part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    const std::size_t before = found.size();
    found.resize(before + count);
    std::memcpy(found.data() + before, CMSG_DATA(part), count * sizeof(int));
  }
  return found;
}

}  // namespace

// Packet: kind, number of descriptors that are listeners; the first descriptor carries the text when there is one.
bool send_control(int socket, const ControlMessage& message, Duration limit) {
  if (message.descriptors.size() > most_descriptors) return false;
  const int text = message.text.empty() ? -1 : memory_file(message.text);
  if (!message.text.empty() && text < 0) return false;
  std::vector<int> passed;
  if (text >= 0) passed.push_back(text);
  passed.insert(passed.end(), message.descriptors.begin(), message.descriptors.end());

  char packet[2] = {static_cast<char>(message.kind), static_cast<char>(text >= 0 ? 1 : 0)};
  iovec part{packet, sizeof packet};
  std::vector<char> space(CMSG_SPACE(passed.size() * sizeof(int)));
  msghdr header{};
  header.msg_iov = &part, header.msg_iovlen = 1;
  if (!passed.empty()) {
    header.msg_control = space.data(), header.msg_controllen = space.size();
    auto* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET, control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(passed.size() * sizeof(int));
    std::memcpy(CMSG_DATA(control), passed.data(), passed.size() * sizeof(int));
  }
  const auto sent = send_within(socket, header, limit);
  if (text >= 0) close(text);
  return sent == static_cast<ssize_t>(sizeof packet);
}

std::optional<ControlMessage> receive_control(int socket) {
  char packet[2];
  iovec part{packet, sizeof packet};
  std::vector<char> space(CMSG_SPACE((most_descriptors + 1) * sizeof(int)));
  msghdr header{};
  header.msg_iov = &part, header.msg_iovlen = 1;
  header.msg_control = space.data(), header.msg_controllen = space.size();
  ssize_t count;
  // ECONNRESET is told once when the peer hung up without reading our words; what it said before comes after that.
  for (int resets = 0; (count = recvmsg(socket, &header, MSG_CMSG_CLOEXEC)) < 0;)
    if (errno != EINTR && (errno != ECONNRESET || resets++ > 0)) break;
  if (count <= 0) return std::nullopt;
  ControlMessage message;
  message.descriptors = take_descriptors(header);
  bool whole = count == static_cast<ssize_t>(sizeof packet) && (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  message.kind = static_cast<ControlKind>(packet[0]);
  if (whole && packet[1] == 1) {
    const auto text = message.descriptors.empty() ? std::nullopt : whole_text(message.descriptors.front());
    whole = text.has_value();
    if (text) message.text = *text, close(message.descriptors.front()), message.descriptors.erase(message.descriptors.begin());
  }
  if (whole) return message;
  for (const int descriptor : message.descriptors) close(descriptor);
  return std::nullopt;
}

std::string ServiceStart::encode() const {
  WireWriter out;
  out.text(name).text(settings_toml).text(settings_file).text(tls_certificate).text(tls_key).text(tls_refused).varint(listeners.size());
  for (const auto& listener : listeners) out.text(listener.name).text(listener.address);
  return std::move(out).bytes();
}

std::optional<ServiceStart> ServiceStart::decode(std::string_view bytes) {
  WireReader in(bytes);
  ServiceStart start;
  start.name = in.text(), start.settings_toml = in.text(), start.settings_file = in.text();
  start.tls_certificate = in.text(), start.tls_key = in.text(), start.tls_refused = in.text();
  const auto count = in.varint();
  if (count > most_descriptors) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    NamedListener listener;
    listener.name = in.text(), listener.address = in.text();
    start.listeners.push_back(std::move(listener));
  }
  return in.complete() ? std::optional(std::move(start)) : std::nullopt;
}

}  // namespace hikyaku::apps
