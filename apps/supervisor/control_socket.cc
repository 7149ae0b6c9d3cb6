#include "apps/supervisor/control_socket.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/service/control.h"
#include "apps/supervisor/caller_confinement.h"
#include "base/wire.h"

namespace hikyaku::apps {

namespace {
constexpr std::size_t most_request = 4'096;
constexpr std::uint64_t most_words = 16;
}  // namespace

std::string control_socket_path(const std::string& data_folder) { return data_folder + "/run/control.sock"; }

bool may_command(int connection, Caller& caller) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  caller.uid = peer.uid, caller.pid = peer.pid;
  const passwd* entry = getpwuid(peer.uid);
  caller.name = entry ? entry->pw_name : "uid " + std::to_string(peer.uid);
  if (peer.uid == 0 && geteuid() != 0) return true;  // no service becomes root
  return peer.uid == geteuid() && !is_confined(connection, peer.pid);
}

Result<ControlRequest, std::string> receive_request(int connection) {
  std::string bytes(most_request, '\0');
  const auto count = recv(connection, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (count <= 0 || static_cast<std::size_t>(count) > most_request) return failure(std::string("gone"));
  WireReader in(std::string_view(bytes).substr(0, static_cast<std::size_t>(count)));
  ControlRequest request;
  const auto words = in.varint();
  for (std::uint64_t i = 0; i < words && i < most_words; ++i) request.words.emplace_back(in.text());
  if (!in.complete() || request.words.empty()) return failure(std::string("the request makes no sense"));
  return request;
}

// The text goes in a sealed memory file, so that a long status fits.
void send_answer(int connection, const ControlAnswer& answer) {
  WireWriter out;
  out.u8(answer.good ? 1 : 0).text(answer.text);
  (void)send_control(connection, {ControlKind::Begin, std::move(out).bytes(), {}}, 0s);
}

void refuse(io::Descriptor connection, const ControlAnswer& why) {
  send_answer(connection.get(), why);
  // A request that is closed unread would reset the connection before its answer was read.
  (void)shutdown(connection.get(), SHUT_RD);
  char unread[most_request];
  while (recv(connection.get(), unread, sizeof unread, MSG_DONTWAIT) > 0) {
  }
}

Result<ControlAnswer, std::string> ask_server(const std::string& data_folder, const ControlRequest& request) {
  const std::string path = control_socket_path(data_folder);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failure(path + " is too long for a local socket");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const io::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket || connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EACCES || errno == EPERM)
      return failure("you may not command the server of " + data_folder + ". Remedy: run this as root or as the user it runs as.");
    return failure("no server runs with the data folder " + data_folder + ". Remedy: start it with `hikyaku serve`, or name its settings with --config.");
  }
  WireWriter out;
  out.varint(request.words.size());
  for (const auto& word : request.words) out.text(word);
  // A server that refuses this caller has answered and closed already: its answer is read all the same.
  (void)!send(socket.get(), out.bytes().data(), out.bytes().size(), MSG_NOSIGNAL);
  auto message = receive_control(socket.get());
  if (!message) return failure(std::string("the server hung up without an answer"));
  for (const int descriptor : message->descriptors) close(descriptor);
  WireReader in(message->text);
  ControlAnswer answer;
  answer.good = in.u8() == 1;
  answer.text = in.text();
  if (in.broken()) return failure(std::string("the server's answer makes no sense"));
  return answer;
}

}  // namespace hikyaku::apps
