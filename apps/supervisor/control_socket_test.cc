#include "apps/supervisor/control_socket.h"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "apps/service/control.h"
#include "apps/supervisor/listen_socket.h"
#include "io/confinement.h"
#include "io/seccomp_filter.h"
#include "io/test_folder.h"

namespace hikyaku::apps {
namespace {

void connect_to(const std::string& path) {
  const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(1);
}

enum class Then { Waits, Ends };

// Whether a child that did `before` and connected then may command. Nothing: it did not come so far.
std::optional<bool> may(const std::string& path, const std::function<bool()>& before, Then then = Then::Waits) {
  const auto bound = listen_local(path, SOCK_SEQPACKET);
  if (!bound) return std::nullopt;
  const int child = fork();
  if (child == 0) {
    setpgid(0, 0);
    if (!before()) _exit(1);
    connect_to(path);
    if (then == Then::Waits) pause();
    _exit(0);
  }
  if (then == Then::Ends) waitpid(child, nullptr, 0);
  int connection = -1;
  do {
    connection = accept(bound->descriptor.get(), nullptr, nullptr);
  } while (connection < 0 && waitpid(child, nullptr, WNOHANG) == 0 && usleep(1'000) == 0);
  std::optional<bool> allowed;
  if (Caller caller; connection >= 0) allowed = may_command(connection, caller), close(connection);
  if (then == Then::Waits) kill(-child, SIGKILL), waitpid(child, nullptr, 0);
  return allowed;
}

bool stay_as_it_is() { return true; }
bool become_a_service() { return io::confine({.run = {"/usr"}, .network = io::Network::Any}).has_value(); }
// What a service runs: the service waits for it.
bool become_a_services_child() {
  if (!become_a_service()) return false;
  const int child = fork();
  if (child > 0) waitpid(child, nullptr, 0), _exit(0);
  return child == 0;
}

// One more filter, that forbids nothing.
bool enter_a_container() {
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{1, &allow};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_CASE("control socket: who is refused reads why, though he has asked already") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
  const io::Descriptor client(ends[0]);
  REQUIRE(send(client.get(), "stop", 4, 0) == 4);
  refuse(io::Descriptor(ends[1]), {false, "not you"});
  const auto answer = receive_control(client.get());
  REQUIRE(answer);
  CHECK(answer->text.find("not you") != std::string::npos);
  for (const int descriptor : answer->descriptors) close(descriptor);
}

TEST_CASE("the server's own user may command it; a service may not, nor what a service runs, nor one that is gone") {
  const io::TestFolder folder;
  const auto path = folder / "control.sock";
  CHECK(may(path, stay_as_it_is) == true);
  CHECK(may(path, stay_as_it_is, Then::Ends) == false);
  if (io::seccomp_filters_exist()) {
    CHECK(may(path, become_a_service) == false);
    CHECK(may(path, become_a_services_child) == false);
  } else {
    MESSAGE("skipped in part: this kernel has no seccomp filters");
  }
}

TEST_CASE("a container's filter, which binds the server and its operator alike, makes nobody a service") {
  if (!io::seccomp_filters_exist()) {
    MESSAGE("skipped: this kernel has no seccomp filters");
    return;
  }
  const io::TestFolder folder;
  const auto path = folder / "control.sock";
  const int container = fork();
  if (container == 0) {
    if (!enter_a_container()) _exit(1);
    _exit(may(path, stay_as_it_is) != true ? 2 : may(path, become_a_service) != false ? 3 : may(path, become_a_services_child) != false ? 4 : 0);
  }
  int status = 0;
  waitpid(container, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace hikyaku::apps
