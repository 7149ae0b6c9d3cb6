// One row for each service: inside its confinement, what it must not open stays shut, and what it needs opens.
#include "apps/service/confine.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "apps/service/data_folders.h"

namespace hikyaku::apps {
namespace {

// A data folder with one file in each place.
struct Fixture {
  std::string folder = std::filesystem::temp_directory_path() / ("hikyaku-confine-" + std::to_string(getpid()));
  std::vector<std::string> places = {"accounts", "directory", "secrets", "route-logins", "history", "spool/incoming-1", "spool/incoming-2", "spool/holding", "supervisor",
                                     "log", "log/inlog", "log/receive", "log/deliver", "log/auth", "log/imap-front", "log/pop3-front",
                                     "log/imap-store", "log/pop3-store", "log/supervisor", "run"};
  Fixture() {
    for (const auto& place : places) {
      std::filesystem::create_directories(folder + "/" + place);
      std::ofstream(folder + "/" + place + "/file") << "secret";
    }
  }
  ~Fixture() { std::filesystem::remove_all(folder); }
};

bool opens(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags);
  if (file >= 0) close(file);
  return file >= 0;
}

// Runs in the confined child: one line for everything that is not as it should be.
std::string faults(const Fixture& fixture, const std::vector<std::string>& allowed, bool network) {
  std::string out;
  for (const auto& place : fixture.places) {
    const bool may = std::find(allowed.begin(), allowed.end(), place) != allowed.end();
    const bool may_read = may || place == "run";
    const std::string file = fixture.folder + "/" + place + "/file";
    if (opens(file, O_RDONLY) != may_read) out += "reading " + place + "\n";
    if (opens(file, O_WRONLY) != may) out += "writing " + place + "\n";
    if (opens(fixture.folder + "/" + place + "/new", O_WRONLY | O_CREAT) != may) out += "creating in " + place + "\n";
  }
  // The sockets of `run` are the supervisor's: nobody takes another's away. The directory's readers share one page there.
  if (unlink((fixture.folder + "/run/file").c_str()) == 0) out += "removing from run\n";
  const bool reads_directory = std::find(allowed.begin(), allowed.end(), "directory") != allowed.end();
  if (opens(fixture.folder + "/run/directory-seen", O_RDWR | O_CREAT) != reads_directory) out += "the directory's page\n";
  const bool fills_mailboxes = std::find(allowed.begin(), allowed.end(), "spool/holding") != allowed.end();
  if (opens(fixture.folder + "/run/quota-used", O_RDWR | O_CREAT) != fills_mailboxes) out += "the page of quotas\n";
  if (opens("/etc/shadow", O_RDONLY)) out += "/etc/shadow\n";
  if (opens("/root", O_RDONLY | O_DIRECTORY)) out += "/root\n";
  const int internet = socket(AF_INET, SOCK_STREAM, 0);
  if ((internet >= 0) != network) out += "an Internet socket\n";
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) out += "ptrace of itself\n";
  if (ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr) == 0) out += "ptrace of another\n";
  const char* arguments[] = {"/bin/true", nullptr};
  execve("/bin/true", const_cast<char* const*>(arguments), nullptr);
  if (errno != EACCES && errno != EPERM && errno != ENOSYS) out += "exec\n";
  return out;
}

// What a confined child found; the child that execs /bin/true would answer nothing at all, hence the mark at the end.
std::string in_confinement(const char* process, const Fixture& fixture, const std::vector<std::string>& allowed, bool network) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const int child = fork();
  if (child == 0) {
    const auto settings = settings::preset_settings();
    settings->node.data.set(fixture.folder);
    const auto confined = confine(process, *settings);
    std::string out = confined ? "" : confined.error();
    auto places = allowed;
    places.push_back("log/" + std::string(process));
    if (out.empty()) out = faults(fixture, places, network);
    out += "end";
    (void)!write(ends[1], out.data(), out.size());
    _exit(0);
  }
  close(ends[1]);
  std::string out;
  char buffer[4'096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!out.ends_with("end")) return "the child did not live to answer: status " + std::to_string(status);
  return out.substr(0, out.size() - 3);
}

TEST_CASE("each service opens its own places and nothing else") {
  struct Row {
    const char* process;
    std::vector<std::string> allowed;
    bool network;
  };
  for (const auto& row : {Row{"receive", {"spool/incoming-1"}, false},
                          Row{"deliver", {"spool/incoming-1", "spool/incoming-2", "spool/holding", "accounts", "directory", "route-logins", "history"}, true},
                          Row{"auth", {"directory", "secrets"}, false},
                          Row{"imap-front", {}, false},
                          Row{"pop3-front", {}, false},
                          Row{"imap-store", {"accounts", "directory"}, false},
                          Row{"pop3-store", {"accounts", "directory"}, false}}) {
    const Fixture fixture;
    CHECK_MESSAGE(in_confinement(row.process, fixture, row.allowed, row.network) == "", row.process);
  }
}

TEST_CASE("a process without a row does not start") {
  const Fixture fixture;
  CHECK(in_confinement("console", fixture, {}, false) == "no row of the confinement table names this process");
}

TEST_CASE("the check itself would see an open door") {
  const Fixture fixture;
  const std::string found = in_confinement("auth", fixture, {"accounts"}, true);
  CHECK(found.find("reading accounts") != std::string::npos);
  CHECK(found.find("reading secrets") != std::string::npos);
  CHECK(found.find("an Internet socket") != std::string::npos);
}

}  // namespace
}  // namespace hikyaku::apps
