// The two ways that stay on this machine: a command of the operator's, and the system's log.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "apps/service/data_folders.h"
#include "apps/watch/notifier.h"
#include "io/program.h"

namespace hikyaku::apps {
namespace {

constexpr Duration most_time = 60s;

std::string trouble_of(const char* step, int error) { return std::string(step) + ": " + std::strerror(error); }

// ---- the command

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

// The notice as JSON on its standard input, and in words in its environment. Blocks.
std::string run_command(std::vector<std::string> command, const NoticeText& text, const std::string& folder) {
  const auto ran = io::run_program({.command = std::move(command), .folder = folder, .limit = most_time, .environment = environment_of(text), .input = text.json});
  if (!ran.trouble.empty()) return ran.trouble;
  return ran.status == 0 ? std::string{} : "the command ended with status " + std::to_string(ran.status);
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
