#include "apps/supervisor/parent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

#include "apps/service/control.h"
#include "apps/supervisor/certificate_keeper.h"
#include "apps/supervisor/first_settings.h"
#include "apps/supervisor/listen_socket.h"
#include "apps/supervisor/messages.h"
#include "apps/supervisor/service_manager.h"
#include "apps/supervisor/service_table.h"
#include "apps/supervisor/spawn.h"
#include "base/clock.h"

namespace hikyaku::apps {

namespace {

constexpr int settings_mistaken = 78;  // EX_CONFIG

void complain(const std::string& text) { std::fprintf(stderr, "hikyaku: %s\n", text.c_str()); }

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  return "exit " + std::to_string(WEXITSTATUS(status));
}

class Parent {
 public:
  Parent(const ServeOptions& options, FirstSettings first, Identity identity)
      : options_(options), first_(std::move(first)), identity_(std::move(identity)) {
    certificates_.follow(first_.certificate, first_.key);
  }
  int run();

 private:
  struct Process {
    std::string name;
    io::Descriptor control;
  };
  struct OpenListener {
    std::string name, wanted, address;
    io::Descriptor descriptor;
  };

  bool start_control();
  void replay();
  bool handle(ControlMessage message);
  void listen(const std::string& text);
  void adopt(const std::string& text, std::vector<int>& descriptors);
  void close_listener(const std::string& text);
  void spawn_service(const std::string& text);
  void reload_service(const std::string& text);
  void kill_service(const std::string& text);
  void pass_settings();
  void handle_signals();
  void reap();
  void control_ended(int status);
  // Never waits, but for a control process that has only just been started.
  bool tell(ControlKind kind, std::string text = "", std::vector<int> descriptors = {}, Duration limit = 0s);
  void give_up_control(const std::string& why);
  void watch_control();
  [[nodiscard]] ServiceStart start_text(const SpawnMessage& message, std::vector<int>& descriptors);
  [[nodiscard]] bool finished();

  ServeOptions options_;
  FirstSettings first_;
  Identity identity_;
  CertificateKeeper certificates_;
  io::Descriptor signals_;
  int control_pid_ = 0;
  io::Descriptor control_;
  int control_starts_ = 0;
  BegunMessage before_;           // what a successor is told of the control process before it
  std::string why_given_up_;      // of the control process that runs
  ServiceManager manager_ = ServiceManager::from_environment();
  bool shutting_down_ = false;
  int exit_status_ = 0;
  Instant kill_at_ = Instant::max();
  Instant watched_at_{};
  Duration silence_{};  // of the control process, in time that this process was running too
  SystemClock clock_;
  std::map<int, Process> processes_;
  std::vector<OpenListener> listeners_;
};

bool Parent::tell(ControlKind kind, std::string text, std::vector<int> descriptors, Duration limit) {
  if (!control_) return false;
  if (send_control(control_.get(), {kind, std::move(text), std::move(descriptors)}, limit)) return true;
  give_up_control("reads nothing");
  return false;
}

// Its end, and its successor's start, come by SIGCHLD.
void Parent::give_up_control(const std::string& why) {
  control_.reset();
  if (control_pid_ <= 0) return;
  why_given_up_ = why;
  complain("the control process " + why + "; it is killed");
  kill(control_pid_, SIGKILL);
}

// Once a round, which is once a second at least. A longer round means that this process stood still as well.
void Parent::watch_control() {
  const auto now = clock_.now();
  silence_ += std::min<Duration>(now - watched_at_, 2s);
  watched_at_ = now;
  if (control_ && silence_ >= silence_limit) give_up_control("says nothing");
}

bool Parent::start_control() {
  auto spawned = spawn(options_.binary, {"control-process", options_.language}, identity_);
  if (!spawned) return complain("the control process cannot be started: " + spawned.error()), false;
  control_pid_ = spawned->pid;
  control_ = std::move(spawned->control);
  ++control_starts_;
  silence_ = {}, watched_at_ = clock_.now();
  replay();
  return true;
}

// What a control process that comes back after a crash has to know.
void Parent::replay() {
  constexpr Duration patience = 5s;
  for (const auto& open : listeners_) tell(ControlKind::Listening, ListenerMessage{open.name, open.wanted, open.address, ""}.encode(), {}, patience);
  for (const auto& [pid, process] : processes_)
    tell(ControlKind::Spawned, ProcessMessage{process.name, pid, ""}.encode(), {process.control.get()}, patience);
  const bool owns_the_folder = std::any_of(listeners_.begin(), listeners_.end(), [](const auto& open) { return open.name == "serve-lock"; });
  BegunMessage begun = before_;
  begun.settings_path = options_.settings_path, begun.data_folder = first_.data_folder, begun.parent_pid = getpid(), begun.first = !owns_the_folder;
  tell(ControlKind::Begun, begun.encode(), {}, patience);
  if (shutting_down_) tell(ControlKind::ShutDown, "", {}, patience);
}

bool Parent::handle(ControlMessage message) {
  switch (message.kind) {
    case ControlKind::Listen: listen(message.text); break;
    case ControlKind::Adopt: adopt(message.text, message.descriptors); break;
    case ControlKind::CloseListener: close_listener(message.text); break;
    case ControlKind::Spawn: spawn_service(message.text); break;
    case ControlKind::ReloadProcess: reload_service(message.text); break;
    case ControlKind::KillProcess: kill_service(message.text); break;
    case ControlKind::OpenSettings: pass_settings(); break;
    case ControlKind::Alive: break;
    case ControlKind::Settled: manager_.tell((shutting_down_ ? "STATUS=" : "READY=1\nSTATUS=") + message.text); break;
    case ControlKind::GiveUp:
      complain(message.text);
      shutting_down_ = true, exit_status_ = settings_mistaken;
      break;
    default: return false;
  }
  for (const int descriptor : message.descriptors) close(descriptor);
  return true;
}

void Parent::listen(const std::string& text) {
  auto asked = ListenerMessage::decode(text);
  if (!asked) return;
  auto bound = listen_tcp(asked->wanted);
  if (bound) {
    asked->address = bound->address;
    listeners_.push_back({asked->name, asked->wanted, bound->address, std::move(bound->descriptor)});
  } else {
    asked->trouble = bound.error();
  }
  tell(ControlKind::Listening, asked->encode());
}

// Local sockets and locks are made by the control process, with its rights, and kept here.
void Parent::adopt(const std::string& text, std::vector<int>& descriptors) {
  auto asked = ListenerMessage::decode(text);
  if (!asked || descriptors.size() != 1) return;
  listeners_.push_back({asked->name, asked->wanted, asked->address, io::Descriptor(descriptors.front())});
  descriptors.clear();
}

void Parent::close_listener(const std::string& text) {
  const auto asked = ListenerMessage::decode(text);
  if (!asked) return;
  std::erase_if(listeners_, [&](const OpenListener& open) {
    if (open.name != asked->name || open.wanted != asked->wanted) return false;
    stop_listening(open.descriptor.get());
    return true;
  });
}

ServiceStart Parent::start_text(const SpawnMessage& message, std::vector<int>& descriptors) {
  ServiceStart start{.name = message.process, .settings_toml = message.settings_toml, .settings_file = message.settings_file};
  if (const auto* process = find_process(message.process); process != nullptr && process->tls) {
    auto tls = certificates_.material();
    start.tls_certificate = std::move(tls.certificate), start.tls_key = std::move(tls.key), start.tls_refused = std::move(tls.refused);
  }
  for (const auto& name : message.listeners)
    for (const auto& open : listeners_)
      if (open.name == name) {
        start.listeners.push_back({open.name, open.address});
        descriptors.push_back(open.descriptor.get());
      }
  return start;
}

void Parent::spawn_service(const std::string& text) {
  const auto asked = SpawnMessage::decode(text);
  if (!asked) return;
  if (find_process(asked->process) == nullptr) return;
  std::vector<int> descriptors;
  const auto start = start_text(*asked, descriptors);
  auto spawned = spawn(options_.binary, {"service-process", asked->process}, identity_);
  if (spawned && !send_control(spawned->control.get(), {ControlKind::Begin, start.encode(), descriptors}, 0s)) {
    kill(spawned->pid, SIGKILL);  // reaped below as one that ended by itself
  }
  if (!spawned) {
    tell(ControlKind::Spawned, ProcessMessage{asked->process, 0, spawned.error()}.encode());
    return;
  }
  tell(ControlKind::Spawned, ProcessMessage{asked->process, spawned->pid, ""}.encode(), {spawned->control.get()});
  processes_[spawned->pid] = {asked->process, std::move(spawned->control)};
}

void Parent::reload_service(const std::string& text) {
  const auto asked = SpawnMessage::decode(text);
  if (!asked) return;
  std::vector<int> descriptors;
  const auto start = start_text(*asked, descriptors);
  for (const auto& [pid, process] : processes_)
    if (process.name == asked->process && !send_control(process.control.get(), {ControlKind::Reload, start.encode(), {}}, 0s))
      complain(process.name + " does not read what it is told; it keeps its settings until it is started again");
}

void Parent::kill_service(const std::string& text) {
  const auto asked = ProcessMessage::decode(text);
  if (!asked) return;
  for (const auto& [pid, process] : processes_)
    if (process.name == asked->process) kill(pid, SIGKILL);
}

// Read once for both: of a file that is just being written a second reading may find more, and this process would then know no
// certificate where the services' settings name one. A file with mistakes changes nothing here either: the control process goes on
// with the settings before it.
void Parent::pass_settings() {
  const io::Descriptor file(open(options_.settings_path.c_str(), O_RDONLY | O_CLOEXEC));
  const SettingsMessage read{file ? read_settings_file(file.get()) : std::nullopt};
  if (!read.text) return (void)tell(ControlKind::SettingsFile, read.encode());
  if (const auto now = read_first_settings(read.text, options_.settings_path, nullptr)) certificates_.follow(now->certificate, now->key);
  tell(ControlKind::SettingsFile, read.encode());
}

void Parent::reap() {
  int status = 0;
  for (int pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == control_pid_) {
      control_ended(status);
    } else if (const auto found = processes_.find(pid); found != processes_.end()) {
      const std::string name = found->second.name;
      processes_.erase(found);
      tell(ControlKind::Ended, ProcessMessage{name, pid, how_it_ended(status)}.encode());
    }
  }
}

// What it said last, perhaps why it gave up, is heard before its end.
void Parent::control_ended(int status) {
  before_.before_pid = control_pid_, before_.before_ended = clock_.wall();
  before_.before_how = why_given_up_.empty() ? how_it_ended(status) : why_given_up_;
  why_given_up_.clear();
  control_pid_ = 0;
  while (control_) {
    auto message = receive_control(control_.get());
    if (!message || !handle(std::move(*message))) break;
  }
  control_.reset();
  if (shutting_down_) return;
  complain("the control process ended (" + how_it_ended(status) + "); the services go on, it is started again");
  if (control_starts_ > 1) sleep(1);
  if (!start_control()) shutting_down_ = true, exit_status_ = 1;
}

void Parent::handle_signals() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP) tell(ControlKind::ReloadAsked);
    if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT) continue;
    shutting_down_ = true;
    manager_.tell("STOPPING=1\nSTATUS=The services finish what is open.");
    if (!tell(ControlKind::ShutDown))
      for (auto& [pid, process] : processes_) process.control.reset();
  }
  reap();
}

// With the control process gone the services stop by themselves, since nobody holds their channels; a limit stands
// behind that.
bool Parent::finished() {
  if (!shutting_down_ || control_pid_ != 0) return false;
  for (auto& [pid, process] : processes_) process.control.reset();
  if (processes_.empty()) return true;
  if (kill_at_ == Instant::max()) kill_at_ = clock_.now() + 1h;
  if (clock_.now() < kill_at_) return false;
  for (const auto& [pid, process] : processes_) kill(pid, SIGKILL);
  return false;
}

int Parent::run() {
  sigset_t ours;
  sigemptyset(&ours);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&ours, number);
  sigprocmask(SIG_BLOCK, &ours, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signals_.reset(signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
  before_.served_since = clock_.wall();
  if (!signals_ || !start_control()) return 1;
  while (!finished()) {
    pollfd waits[] = {{signals_.get(), POLLIN, 0}, {control_.get(), POLLIN, 0}};
    const auto wait = std::min<Duration>(manager_.watchdog_interval().value_or(1s) / 2, 1s);
    const int ready = poll(waits, control_ ? 2 : 1, static_cast<int>(wait / 1ms));
    manager_.alive(clock_.now());
    if (ready < 0) continue;
    const int speaker = control_ && waits[1].revents != 0 ? control_pid_ : 0;  // another one may have been started below
    if (waits[0].revents != 0) handle_signals();
    watch_control();
    if (!control_ || speaker == 0 || speaker != control_pid_) continue;
    auto message = receive_control(control_.get());
    silence_ = {};
    if (!message || !handle(std::move(*message))) {
      control_.reset();
      if (control_pid_ > 0) kill(control_pid_, SIGKILL);
    }
  }
  return exit_status_;
}

}  // namespace

int serve(const ServeOptions& options) {
  prctl(PR_SET_NAME, "hikyaku-serve");
  const io::Descriptor file(open(options.settings_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    complain(worded(options.wording, options.settings_path + ": the settings file cannot be read: " + std::strerror(errno) +
                                         ". Remedy: name it with --config; `hikyaku config describe` prints every setting."));
    return settings_mistaken;
  }
  auto first = read_first_settings(read_settings_file(file.get()), options.settings_path, options.wording);
  if (!first) return complain(first.error()), settings_mistaken;
  auto identity = choose_identity(first->user, first->data_folder);
  if (!identity) return complain(identity.error()), settings_mistaken;
  Parent parent(options, std::move(*first), std::move(*identity));
  return parent.run();
}

}  // namespace hikyaku::apps
