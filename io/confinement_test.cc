#include "io/confinement.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <thread>

#include "io/landlock.h"
#include "io/test_folder.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

// Runs `steps` in a confined child and gives back the lines it wrote of what went wrong ("" when all is right).
std::string in_child(const Confinement& wanted, const std::function<void(std::string& wrong)>& steps) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string wrong;
    if (const auto confined = confine(wanted))
      steps(wrong);
    else
      wrong = confined.error().what;
    [[maybe_unused]] const auto written = ::write(ends[1], wrong.data(), wrong.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string wrong;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    wrong.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status)) wrong += "the child died of signal " + std::to_string(WTERMSIG(status));
  return wrong;
}

// Notes a call that should have failed with one of two errors and did not.
void must_fail(std::string& wrong, const char* what, long result, int error, int other_error = 0) {
  const int got = errno;
  if (result == -1 && (got == error || got == other_error)) return;
  wrong += std::string(what) + ": result " + std::to_string(result) + ", errno " + std::to_string(got) + "\n";
}

void must_work(std::string& wrong, const char* what, long result) {
  const int got = errno;
  if (result < 0) wrong += std::string(what) + " failed: errno " + std::to_string(got) + "\n";
}

struct Places {
  TestFolder folder;
  std::string data = folder / "data", library = folder / "library", secret = folder / "secret";
  Places() {
    ::chmod(folder.path().c_str(), 0755);
    for (const auto& path : {data, library, secret}) {
      REQUIRE(::mkdir(path.c_str(), 0777) == 0);
      ::chmod(path.c_str(), 0777);
      std::FILE* file = std::fopen((path + "/file").c_str(), "w");
      std::fputs("content", file);
      std::fclose(file);
      ::chmod((path + "/file").c_str(), 0666);
    }
  }
  Confinement confinement() const { return {.read = {library}, .read_write = {data, "/dev/null"}}; }
};

}  // namespace

TEST_CASE("confinement: only the named folders can be opened, and only as named") {
  if (landlock_abi() == 0) return;
  Places places;
  CHECK(in_child(places.confinement(), [&](std::string& wrong) {
          must_fail(wrong, "reading a secret", ::open((places.secret + "/file").c_str(), O_RDONLY), EACCES);
          must_fail(wrong, "making a secret", ::open((places.secret + "/new").c_str(), O_RDWR | O_CREAT, 0600), EACCES);
          must_fail(wrong, "listing secrets", ::open(places.secret.c_str(), O_RDONLY | O_DIRECTORY), EACCES);
          must_fail(wrong, "/etc/passwd", ::open("/etc/passwd", O_RDONLY), EACCES);
          must_fail(wrong, "around by ..", ::open((places.data + "/../secret/file").c_str(), O_RDONLY), EACCES);
          ::symlink((places.secret + "/file").c_str(), (places.data + "/link").c_str());
          must_fail(wrong, "around by a link", ::open((places.data + "/link").c_str(), O_RDONLY), EACCES);
          must_fail(wrong, "carrying out of data",
                    ::rename((places.data + "/file").c_str(), (places.secret + "/x").c_str()), EACCES, EXDEV);
          must_fail(wrong, "linking into data", ::link((places.secret + "/file").c_str(), (places.data + "/x").c_str()),
                    EACCES, EXDEV);
          must_fail(wrong, "writing the library", ::open((places.library + "/file").c_str(), O_WRONLY), EACCES);
          must_fail(wrong, "removing from the library", ::unlink((places.library + "/file").c_str()), EACCES);
          must_work(wrong, "reading the library", ::open((places.library + "/file").c_str(), O_RDONLY));
          must_work(wrong, "writing data", ::open((places.data + "/file").c_str(), O_RDWR | O_TRUNC));
          must_work(wrong, "making data", ::open((places.data + "/new").c_str(), O_RDWR | O_CREAT, 0600));
          must_work(wrong, "renaming data", ::rename((places.data + "/new").c_str(), (places.data + "/newer").c_str()));
          must_work(wrong, "a folder in data", ::mkdir((places.data + "/folder").c_str(), 0700));
          must_work(wrong, "renaming into a folder",
                    ::rename((places.data + "/newer").c_str(), (places.data + "/folder/newer").c_str()));
          must_work(wrong, "removing data", ::unlink((places.data + "/folder/newer").c_str()));
        }) == "");
}

TEST_CASE("confinement: other programs, other processes and the kernel's machinery are out of reach") {
  Places places;
  const pid_t other = ::fork();
  if (other == 0) {
    ::pause();
    ::_exit(0);
  }
  CHECK(in_child(places.confinement(), [&](std::string& wrong) {
          char* const arguments[] = {nullptr};
          must_fail(wrong, "execve", ::execve("/bin/true", arguments, arguments), EPERM);
          must_fail(wrong, "execveat", ::syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, arguments, 0), EPERM);
          must_fail(wrong, "ptrace", ::ptrace(PTRACE_ATTACH, other, nullptr, nullptr), EPERM);
          must_fail(wrong, "ptrace of the parent", ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr), EPERM);
          char octet = 0;
          const iovec here{&octet, 1}, there{&octet, 1};
          must_fail(wrong, "process_vm_readv", ::process_vm_readv(other, &here, 1, &there, 1, 0), EPERM);
          must_fail(wrong, "mount", ::mount("none", places.data.c_str(), "tmpfs", 0, nullptr), EPERM);
          must_fail(wrong, "unshare", ::unshare(CLONE_NEWUSER), EPERM);
          must_fail(wrong, "clone into a name space", ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM);
          must_fail(wrong, "chroot", ::chroot(places.data.c_str()), EPERM);
          must_fail(wrong, "bpf", ::syscall(SYS_bpf, 0, nullptr, 0), EPERM);
          must_fail(wrong, "keyctl", ::syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM);
          must_fail(wrong, "userfaultfd", ::syscall(SYS_userfaultfd, 0), EPERM);
          must_fail(wrong, "io_uring_setup", ::syscall(SYS_io_uring_setup, 1, nullptr), EPERM);
          must_fail(wrong, "becoming root", ::setuid(0), EPERM);
          must_fail(wrong, "an IPv4 socket", ::socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
          must_fail(wrong, "an IPv6 socket", ::socket(AF_INET6, SOCK_DGRAM, 0), EAFNOSUPPORT);
          must_fail(wrong, "a netlink socket", ::socket(AF_NETLINK, SOCK_RAW, 0), EAFNOSUPPORT);
          must_fail(wrong, "a packet socket", ::socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT);
          must_work(wrong, "a Unix socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
          int done = 0;
          std::thread([&] { done = 1; }).join();
          if (done != 1) wrong += "no thread can be started\n";
          const pid_t child = ::fork();
          if (child == 0) ::_exit(0);
          must_fail(wrong, "fork", child, EPERM);
        }) == "");
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_CASE("confinement: a service with a network makes Internet sockets, and no others") {
  Places places;
  auto wanted = places.confinement();
  wanted.network = Network::Any;
  CHECK(in_child(wanted, [&](std::string& wrong) {
          must_work(wrong, "an IPv4 socket", ::socket(AF_INET, SOCK_STREAM, 0));
          must_work(wrong, "an IPv6 socket", ::socket(AF_INET6, SOCK_STREAM, 0));
          must_fail(wrong, "a netlink socket", ::socket(AF_NETLINK, SOCK_RAW, 0), EAFNOSUPPORT);
          must_fail(wrong, "a packet socket", ::socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT);
        }) == "");
}

TEST_CASE("confinement: root becomes the user, without groups, capabilities or a way back") {
  if (::geteuid() != 0) return;  // only root has something to drop
  Places places;
  auto wanted = places.confinement();
  wanted.uid = 65534;
  wanted.gid = 65533;
  wanted.open_files = 100;
  CHECK(in_child(wanted, [&](std::string& wrong) {
          if (::getuid() != 65534 || ::geteuid() != 65534 || ::getegid() != 65533)
            wrong += "the user is not the wanted one\n";
          if (::getgroups(0, nullptr) != 0) wrong += "groups are left\n";
          must_fail(wrong, "back to root", ::setresuid(0, 0, 0), EPERM);
          const int socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
          must_fail(wrong, "a privileged option", ::setsockopt(socket, SOL_SOCKET, SO_MARK, &socket, sizeof socket),
                    EPERM);
          must_work(wrong, "writing data", ::open((places.data + "/mine").c_str(), O_RDWR | O_CREAT, 0600));
          must_fail(wrong, "beyond the limit", ::dup2(0, 100), EBADF);
        }) == "");
}

TEST_CASE("confinement: root that stays root has no capabilities either") {
  if (::geteuid() != 0) return;
  Places places;
  REQUIRE(::mkdir((places.data + "/closed").c_str(), 0) == 0);
  REQUIRE(::chown((places.data + "/closed").c_str(), 12345, 12345) == 0);
  CHECK(in_child(places.confinement(), [&](std::string& wrong) {
          must_fail(wrong, "past permissions", ::open((places.data + "/closed/x").c_str(), O_RDWR | O_CREAT, 0600),
                    EACCES);
        }) == "");
}

TEST_CASE("confinement: what cannot be had is an error") {
  Confinement impossible{.uid = 12, .gid = 12};
  if (::geteuid() != 0) CHECK(in_child(impossible, [](std::string&) {}).contains("confinement: set"));
  Places places;
  auto twice = places.confinement();
  CHECK(in_child(twice, [&](std::string& wrong) {
          Confinement second{.uid = 7};
          if (confine(second)) wrong += "becoming somebody else worked\n";
        }) == "");
}

#if !defined(__has_feature) || !__has_feature(thread_sanitizer)
TEST_CASE("confinement: a process with other threads is refused, since they would stay free") {
  CHECK(in_child({}, [](std::string&) {}) == "");
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread([] { ::pause(); }).detach();
    const auto result = confine({});
    ::_exit(!result && result.error().what.contains("2 threads") ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
}
#endif
