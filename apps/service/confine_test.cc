// One row for each service: inside its confinement, what it must not open stays shut, and what it needs opens.
#include "apps/service/confine.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "apps/service/data_folders.h"

namespace hikyaku::apps {
namespace {

// A data folder with one file in each place.
struct Fixture {
  std::string folder = std::filesystem::temp_directory_path() / ("hikyaku-confine-" + std::to_string(getpid()));
  std::vector<std::string> places = {"accounts", "directory", "secrets", "route-logins", "history", "srs", "policy", "policy/dmarc", "dkim-keys", "counters", "counters/receive", "alarm", "quarantine", "escrow", "escrow/known", "escrow/drop", "refusals", "subscriptions", "quarantine/drop", "virusdb", "logins", "spool/incoming-1", "spool/incoming-2", "spool/holding", "supervisor",
                                     "log", "log/inlog", "log/receive", "log/deliver", "log/auth", "log/signer", "log/imap-front", "log/pop3-front",
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
std::string faults(const Fixture& fixture, const std::vector<std::string>& allowed, bool network, const std::vector<std::string>& readable) {
  std::string out;
  for (const auto& place : fixture.places) {
    const bool may = std::find(allowed.begin(), allowed.end(), place) != allowed.end();
    const bool may_read = may || place == "run" || std::find(readable.begin(), readable.end(), place) != readable.end();
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
  if (opens(fixture.folder + "/run/held-used", O_RDWR | O_CREAT) != fills_mailboxes) out += "the page of held mail\n";
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
std::string in_confinement(const char* process, const Fixture& fixture, const std::vector<std::string>& allowed, bool network, const std::vector<std::string>& readable = {}) {
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
    places.push_back("counters/" + std::string(process));
    if (out.empty()) out = faults(fixture, places, network, readable);
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
    std::vector<std::string> readable = {};
  };
  for (const auto& row : {Row{"receive", {"spool/incoming-1", "policy", "policy/dmarc", "quarantine/drop", "escrow/drop"}, true, {"escrow/known"}},
                          Row{"deliver", {"spool/incoming-1", "spool/incoming-2", "spool/holding", "accounts", "directory", "route-logins", "history", "srs", "quarantine", "escrow", "escrow/known", "escrow/drop", "refusals", "subscriptions", "quarantine/drop"}, true, {"log/receive", "policy/dmarc"}},
                          Row{"auth", {"directory", "secrets", "srs", "logins"}, false},
                          Row{"signer", {}, false, {"dkim-keys"}},
                          Row{"imap-front", {}, false},
                          Row{"pop3-front", {}, false},
                          Row{"imap-store", {"accounts", "directory"}, false},
                          Row{"pop3-store", {"accounts", "directory"}, false},
                          Row{"virusdb", {"virusdb"}, true},
                          Row{"watch", {"alarm"}, true, {"history", "counters", "counters/receive", "virusdb"}}}) {
    const Fixture fixture;
    CHECK_MESSAGE(in_confinement(row.process, fixture, row.allowed, row.network, row.readable) == "", row.process);
  }
}

TEST_CASE("receive puts mail into quarantine and takes none away") {
  const Fixture fixture;
  std::fflush(nullptr);
  const int child = fork();
  if (child == 0) {
    const auto settings = settings::preset_settings();
    settings->node.data.set(fixture.folder);
    if (!confine("receive", *settings)) _exit(2);
    const std::string file = fixture.folder + "/quarantine/drop/file", journal = fixture.folder + "/spool/incoming-1/file";
    const bool takes = unlink(file.c_str()) == 0 || rename(file.c_str(), (file + "2").c_str()) == 0 || rename(file.c_str(), journal.c_str()) == 0 ||
                       mkdir((fixture.folder + "/quarantine/drop/folder").c_str(), 0755) == 0;
    _exit(takes ? 1 : unlink(journal.c_str()) == 0 ? 0 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

// The shell of the watch's command: what it writes, when it may run.
std::string shell_in_confinement(const char* process, const Fixture& fixture, const std::string& script) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::fflush(nullptr);  // what the test wrote is not the child's to write
  const int child = fork();
  if (child == 0) {
    const auto settings = settings::preset_settings();
    settings->node.data.set(fixture.folder);
    settings->alarm.command.set({"/bin/sh"});
    dup2(ends[1], 1);
    const char* arguments[] = {"/bin/sh", "-c", script.c_str(), nullptr};
    if (confine(process, *settings)) execv("/bin/sh", const_cast<char* const*>(arguments));
    _exit(1);
  }
  close(ends[1]);
  std::string out;
  char buffer[4'096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(count));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return out;
}

TEST_CASE("only the watch runs the alarm's command, and that reads no mail and no secret") {
  const Fixture fixture;
  const std::string script = "for f in secrets accounts spool/holding directory log/inlog run; do cat " + fixture.folder + "/$f/file > /dev/null 2>&1 && echo $f; done; echo x > " +
                             fixture.folder + "/alarm/made && echo made; (echo x > " + fixture.folder + "/history/made) 2>/dev/null && echo history; cat /etc/shadow 2>/dev/null && echo shadow; /bin/true && echo ran";
  CHECK(shell_in_confinement("watch", fixture, script) == "run\nmade\nran\n");
  CHECK(shell_in_confinement("deliver", fixture, script) == "");
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
