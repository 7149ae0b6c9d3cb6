// The two ways that stay on this machine: a command of the operator's, and the system's log.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "apps/service/data_folders.h"
#include "apps/watch/notifier.h"

namespace hikyaku::apps {
namespace {

constexpr Duration most_time = 60s;
constexpr Duration look_interval = 20ms;

std::string trouble_of(const char* step, int error) { return std::string(step) + ": " + std::strerror(error); }

// ---- the command

struct Pipe {
  io::Descriptor read, write;
};

std::optional<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{io::Descriptor(ends[0]), io::Descriptor(ends[1])};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_of(const NoticeText& text) {
  const auto& notice = text.notice;
  const auto words = [](std::string_view from) { return std::string(from.substr(0, from.find('\0'))); };
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "LANG=C.UTF-8",
          "HIKYAKU_HOST=" + words(text.hostname),
          "HIKYAKU_ALARM=" + std::string(history::alarm_name(notice.alarm)),
          "HIKYAKU_CHANGE=" + std::string(notice.change == history::AlarmNotice::Change::Raised ? "raised" : "cleared"),
          "HIKYAKU_VALUE=" + std::to_string(notice.value),
          "HIKYAKU_LIMIT=" + std::to_string(notice.limit),
          "HIKYAKU_TEXT=" + words(text.words)};
}

// Its end, or an end we make of it.
std::string wait_for(pid_t pid, const Clock& clock) {
  const auto deadline = clock.now() + most_time;
  for (int status = 0;;) {
    const auto ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid && WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? std::string{} : "the command ended with status " + std::to_string(WEXITSTATUS(status));
    if (ended == pid) return "the command was ended by signal " + std::to_string(WTERMSIG(status));
    if (ended < 0 && errno != EINTR) return trouble_of("waitpid", errno);
    if (clock.now() > deadline) {
      ::kill(-pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return "the command took longer than a minute and was ended";
    }
    ::usleep(static_cast<useconds_t>(std::chrono::duration_cast<std::chrono::microseconds>(look_interval).count()));
  }
}

// The notice as JSON on its standard input, and in words in its environment. Blocks.
std::string run_command(std::vector<std::string> command, const NoticeText& text, const std::string& folder) {
  auto pipe = make_pipe();
  if (!pipe) return trouble_of("pipe", errno);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, pipe->read.get(), 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  sigset_t usual;
  sigemptyset(&usual);
  ::posix_spawnattr_setsigmask(&attributes, &usual);
  sigaddset(&usual, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  auto environment = environment_of(text);
  auto arguments = pointers_to(command);
  auto variables = pointers_to(environment);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, command[0].c_str(), &actions, &attributes, arguments.data(), variables.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return trouble_of(command[0].c_str(), error);
  pipe->read.reset();
  // Smaller than a pipe's buffer: it never waits. Who does not read it does not want it.
  (void)!::write(pipe->write.get(), text.json.data(), text.json.size());
  pipe->write.reset();
  return wait_for(pid, SystemClock{});
}

class CommandWay final : public NoticeWay {
 public:
  CommandWay(Service& service, io::Loop& loop, io::Workers& workers) : service_(service), loop_(loop), workers_(workers) {}
  [[nodiscard]] std::string_view name() const override { return "command"; }
  [[nodiscard]] bool wanted(const settings::Settings& settings) const override { return !settings.alarm.command().empty(); }
  Task<std::string> tell(std::shared_ptr<const NoticeText> notice) override {
    const auto command = service_.settings()->alarm.command();
    const auto folder = service_.path(folder::alarm);
    if (command.empty()) co_return std::string("no command is set");
    auto work = workers_.run(loop_, [&] { return run_command(command, *notice, folder); });
    auto ran = co_await std::move(work);
    co_return ran ? std::move(*ran) : std::string("all workers are busy");
  }

 private:
  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
};

// ---- the system's log

// As syslog(3) writes to a local socket: "<20>Nov 22 09:30:00 hikyaku[1234]: text". Facility mail.
std::string syslog_line(const NoticeText& text) {
  constexpr int mail = 2, warning = 4, notice = 5;
  const auto now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto two = [](int n, char fill) { return (n < 10 ? std::string(1, fill) : std::string{}) + std::to_string(n); };
  std::string line = "<" + std::to_string(mail * 8 + (text.notice.change == history::AlarmNotice::Change::Raised ? warning : notice)) + ">";
  line += std::string(months[local.tm_mon]) + " " + two(local.tm_mday, ' ') + " " + two(local.tm_hour, '0') + ":" + two(local.tm_min, '0') + ":" + two(local.tm_sec, '0');
  return line + " hikyaku[" + std::to_string(::getpid()) + "]: alarm " + std::string(history::alarm_name(text.notice.alarm)) +
         (text.notice.change == history::AlarmNotice::Change::Raised ? " raised: " : " cleared: ") + text.words;
}

std::string send_to_syslog(const std::string& path, const std::string& line) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return "the path of the socket is too long";
  path.copy(address.sun_path, path.size());
  const io::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return trouble_of("socket", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return trouble_of(path.c_str(), errno);
  return ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0 ? trouble_of(path.c_str(), errno) : std::string{};
}

class SyslogWay final : public NoticeWay {
 public:
  SyslogWay(Service& service, io::Loop& loop, io::Workers& workers) : service_(service), loop_(loop), workers_(workers) {}
  [[nodiscard]] std::string_view name() const override { return "syslog"; }
  [[nodiscard]] bool wanted(const settings::Settings& settings) const override { return !settings.alarm.syslog().empty(); }
  Task<std::string> tell(std::shared_ptr<const NoticeText> notice) override {
    const auto path = service_.settings()->alarm.syslog();
    auto work = workers_.run(loop_, [&] { return send_to_syslog(path, syslog_line(*notice)); });
    auto ran = co_await std::move(work);
    co_return ran ? std::move(*ran) : std::string("all workers are busy");
  }

 private:
  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
};

}  // namespace

std::unique_ptr<NoticeWay> command_way(Service& service, io::Loop& loop, io::Workers& workers) { return std::make_unique<CommandWay>(service, loop, workers); }
std::unique_ptr<NoticeWay> syslog_way(Service& service, io::Loop& loop, io::Workers& workers) { return std::make_unique<SyslogWay>(service, loop, workers); }

}  // namespace hikyaku::apps
