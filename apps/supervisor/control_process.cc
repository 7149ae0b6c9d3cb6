#include "apps/supervisor/control_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "apps/service/data_folders.h"
#include "apps/supervisor/countries_copy.h"
#include "apps/supervisor/hosts_copy.h"
#include "apps/supervisor/listen_socket.h"
#include "services/abuse/login_folder.h"
#include "services/escrow/places.h"
#include "services/quarantine/drop_folder.h"
#include "services/telemetry/abuse_events.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
constexpr int link_descriptor = 3;

std::vector<std::string> process_names() {
  std::vector<std::string> names;
  for (const auto& service : service_table())
    for (const auto& process : service.processes) names.emplace_back(process.name);
  return names;
}

}  // namespace

ControlProcess::ControlProcess(Wording wording) : wording_(wording), link_(link_descriptor), supervision_(process_names()) {}

// ---- beginning ----------------------------------------------------------------------------------------------------

// The parent tells what is open and running, then Begun.
bool ControlProcess::learn_the_state() {
  for (;;) {
    auto message = link_.next();
    if (!message) return false;
    if (message->kind == ControlKind::Begun) {
      const auto begun = BegunMessage::decode(message->text);
      if (begun) begun_ = *begun;
      return begun.has_value();
    }
    handle(std::move(*message));
  }
}

// Nothing: the settings are in settings_. Otherwise what is wrong with them; settings_ stays as it was.
std::optional<std::string> ControlProcess::read_settings() {
  auto message = link_.ask(ControlKind::OpenSettings, "", ControlKind::SettingsFile);
  if (!message) return "the parent is gone";
  auto read = SettingsMessage::decode(message->text);
  if (!read || !read->text) return begun_.settings_path + ": the settings file cannot be read, or is larger than 1 MiB.";
  return take_settings(*std::move(read->text));
}

std::optional<std::string> ControlProcess::take_settings(std::string text) {
  auto values = settings::parse_settings(text, begun_.settings_path);
  if (!values) {
    std::string mistakes;
    for (const auto& error : values.error()) mistakes += (mistakes.empty() ? "" : "\n") + error.text();
    return mistakes;
  }
  settings_ = {std::move(text), begun_.settings_path, std::move(*values)};
  supervision_.set_rules({.restart_wait = settings_.values->serve.restart_wait(),
                          .restart_wait_max = settings_.values->serve.restart_wait_max(),
                          .stop_limit = settings_.values->serve.stop_limit()});
  return std::nullopt;
}

// The folders services expect, and the lock that lets only one server use them. The lock lives in the parent.
std::string ControlProcess::take_the_folder() {
  for (const auto inside : {folder::run, folder::log, folder::spool, folder::receive_journal, folder::accounts, folder::directory, folder::secrets, folder::route_logins, folder::history, folder::policy, folder::dmarc_seen, folder::quarantine, quarantine::drop_folder, escrow::drop_folder, escrow::known_folder, abuse::logins_folder, folder::virusdb, folder::counters, folder::alarm,
                            folder::srs, folder::dkim_keys, folder::refusals, folder::subscriptions, folder::receive_log, folder::supervisor})
    if (const auto made = disk_.make_folder(folder::in(begun_.data_folder, inside)); !made)
      return made.error().what + ". Remedy: make the data folder writable for the user the services run as.";
  // Confined services cannot sync the names of their own folders.
  for (const auto inside : {std::string_view(""), folder::spool})
    if (const auto synced = disk_.sync_folder(folder::in(begun_.data_folder, inside)); !synced) return synced.error().what;
  if (!begun_.first) return "";
  const std::string path = begun_.data_folder + "/run/serve.lock";
  const io::Descriptor lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!lock) return path + ": " + std::strerror(errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return "another server already runs with the data folder " + begun_.data_folder + ". Remedy: `hikyaku status` shows it.";
  link_.tell(ControlKind::Adopt, ListenerMessage{"serve-lock", path, path, ""}.encode(), {lock.get()});
  return "";
}

std::string ControlProcess::open_control_socket() {
  auto bound = listen_local(control_socket_path(begun_.data_folder), SOCK_SEQPACKET);
  if (!bound) return bound.error();
  control_socket_ = std::move(bound->descriptor);
  return "";
}

void ControlProcess::take_the_life_sign() {
  life_file_ = std::make_unique<LifeFile>(disk_, begun_.data_folder + "/supervisor/alive");
  std::optional<UnsaidEnd> seen;
  const auto now = clock_.wall();
  if (!begun_.first) seen = {UnsaidEnd::Of::ControlProcess, begun_.before_pid, begun_.before_ended, now, begun_.before_how};
  const auto left = life_file_->left();
  life_ = succeed(left, seen, begun_.parent_pid, boot_id(), now);
  // A disk that is full keeps no server from its work.
  if (const auto begun = life_file_->begin(life_); !begun) log_->write(events::storage_trouble, {.reason = begun.error().what});
  if (!seen && !left) return;
  const auto& end = life_.ends.back();
  const std::string reason = "PID " + std::to_string(end.pid) + (end.how.empty() ? "" : ": " + end.how);
  log_->write(seen ? events::control_ended : events::server_ended, {.since = end.heard, .reason = reason});
}

// Mistakes are a line each.
void ControlProcess::give_up(const std::string& why) {
  std::string told;
  for (std::size_t begin = 0; begin <= why.size();) {
    const auto end = std::min(why.find('\n', begin), why.size());
    told += (told.empty() ? "" : "\n") + worded(wording_, std::string_view(why).substr(begin, end - begin));
    begin = end + 1;
  }
  link_.tell(ControlKind::GiveUp, told);
}

int ControlProcess::run() {
  prctl(PR_SET_NAME, "hikyaku-control");
  prctl(PR_SET_DUMPABLE, 0);
  if (!learn_the_state()) return 1;
  const auto mistakes = read_settings();
  // The successor of a control process that died finds services at work: a typing mistake since then must not end them.
  if (mistakes && (begun_.first || !take_last_good())) return give_up(*mistakes), 78;
  if (const auto trouble = take_the_folder(); !trouble.empty()) return give_up(trouble), 75;
  if (const auto trouble = open_control_socket(); !trouble.empty()) return give_up(trouble), 75;
  auto stopped = load_stopped(disk_, stopped_path());
  if (!stopped) return give_up(stopped.error().what), 75;
  stopped_ = std::move(*stopped);
  const telemetry::LogOptions options{.folder = begun_.data_folder + "/log", .service = "supervisor",
                                      .retention_days = static_cast<int>(settings_.values->log.retention_days()),
                                      .former_layout = telemetry::FormerLayout::RemoveOld};
  log_ = std::make_unique<telemetry::Log>(options, telemetry::file_sink(options), clock_);
  take_the_life_sign();
  began_with_ = settings_.values;
  keep_as_last_good();
  if (!settings_.values->serve.confine())
    for (auto& [name, protection] : protection_) protection = Protection::SwitchedOff;
  log_->write(events::service_started, {});
  if (mistakes) log_->write(events::settings_refused, {.reason = *mistakes});
  HostsCopy hosts(disk_, begun_.data_folder, settings_.values->delivery.hosts_file());
  hosts.follow();
  CountriesCopy countries(disk_, begun_.data_folder);
  wish_services();
  while (!parent_gone_ && !(shutting_down_ && all_down())) {
    carry_out();
    answer_pending();
    answer_reloads();
    tell_how_all_stand();
    hosts.follow();
    if (const auto trouble = countries.follow(settings_.values->abuse.country_database(), clock_.now()); !trouble.empty()) log_->write(events::countries_refused, {.reason = trouble});
    follow_keys();
    poll_once();
  }
  answer_pending();
  answer_reloads();
  unlink(control_socket_path(begun_.data_folder).c_str());
  parent_gone_ ? life_file_->still_alive(clock_.wall()) : life_file_->end();
  log_->write(events::service_stopped, {.service = "supervisor", .reason = parent_gone_ ? "the parent is gone" : ""});
  return 0;
}

// ---- what runs ----------------------------------------------------------------------------------------------------

void ControlProcess::wish_services() {
  for (const auto& service : service_table()) {
    const bool up = !shutting_down_ && is_configured(service, *settings_.values) && !stopped_.contains(service.name);
    for (const auto& process : service.processes)
      if (supervision_.one(process.name).wanted != up) supervision_.want(process.name, up);
  }
}

void ControlProcess::follow_keys() {
  if (clock_.now() < look_for_keys_at_) return;
  look_for_keys_at_ = clock_.now() + 1s;
  const auto& signer = *find_service("signer");
  const bool wanted = !shutting_down_ && is_configured(signer, *settings_.values) && !stopped_.contains(signer.name);
  if (supervision_.one(signer.processes.front().name).wanted != wanted) wish_services();
}

bool ControlProcess::all_down() const {
  return std::all_of(supervision_.all().begin(), supervision_.all().end(),
                     [](const Supervised& process) { return process.state == ProcessState::Down && process.pid == 0; });
}

bool ControlProcess::is_service(int pid) const {
  return std::any_of(supervision_.all().begin(), supervision_.all().end(), [&](const Supervised& process) { return process.pid == pid; });
}

void ControlProcess::carry_out() {
  for (int round = 0; round < 3; ++round) {
    const auto actions = supervision_.act(clock_.now());
    if (actions.empty()) return;
    for (const auto& action : actions) {
      switch (action.kind) {
        case Action::Kind::Start: start_process(action.process); break;
        case Action::Kind::Stop: stop_process(action.process, false); break;
        case Action::Kind::StopForSuccessor: stop_process(action.process, true); break;
        case Action::Kind::Kill: link_.tell(ControlKind::KillProcess, ProcessMessage{action.process, 0, ""}.encode()); break;
      }
    }
  }
}

SpawnMessage ControlProcess::spawn_message(const ProcessEntry& process) const {
  SpawnMessage message{.process = std::string(process.name), .settings_toml = settings_.text, .settings_file = settings_.path};
  for (const auto name : process.listeners) message.listeners.emplace_back(name);
  for (const auto name : process.local_sockets) message.listeners.emplace_back(name);
  return message;
}

void ControlProcess::start_process(const std::string& name) {
  const auto& process = *find_process(name);
  std::string trouble = open_listeners(process);
  int pid = 0;
  if (trouble.empty()) {
    auto message = link_.ask(ControlKind::Spawn, spawn_message(process).encode(), ControlKind::Spawned);
    const auto spawned = message ? ProcessMessage::decode(message->text) : std::nullopt;
    if (!spawned) trouble = "the parent is gone";
    else if (message->descriptors.size() != 1) trouble = spawned->trouble;
    else pid = spawned->pid, channels_[name].reset(message->descriptors.front());
  }
  if (trouble.empty()) {
    started_with_[name] = settings_.values;
    return supervision_.started(name, pid, clock_.now());
  }
  supervision_.not_started(name, trouble, clock_.now());
  log_->write(events::service_failed, {.service = name, .reason = trouble});
  if (supervision_.one(name).crashes_in_row == 1) dprintf(STDERR_FILENO, "hikyaku: %s cannot start: %s\n", name.c_str(), trouble.c_str());
}

void ControlProcess::stop_process(const std::string& name, bool keep_listeners) {
  if (const auto channel = channels_.find(name); channel != channels_.end()) (void)send_control(channel->second.get(), {.kind = ControlKind::Stop}, 0s);
  if (!keep_listeners) close_listeners(*find_process(name));
}

std::string ControlProcess::open_listeners(const ProcessEntry& process) {
  const auto is_open = [&](std::string_view name, std::string_view wanted) {
    return std::any_of(listeners_.begin(), listeners_.end(), [&](const auto& open) { return open.name == name && open.wanted == wanted; });
  };
  for (const auto name : process.listeners) {
    for (const auto& wanted : listen_addresses(*settings_.values, name)) {
      if (is_open(name, wanted)) continue;
      auto message = link_.ask(ControlKind::Listen, ListenerMessage{std::string(name), wanted, "", ""}.encode(), ControlKind::Listening);
      const auto bound = message ? ListenerMessage::decode(message->text) : std::nullopt;
      if (!bound) return "the parent is gone";
      if (!bound->trouble.empty()) return bound->trouble;
      listeners_.push_back(*bound);
    }
  }
  for (const auto name : process.local_sockets) {
    const std::string path = begun_.data_folder + "/run/" + std::string(name) + ".sock";
    if (is_open(name, path)) continue;
    const auto bound = listen_local(path, name.ends_with("-bell") ? SOCK_DGRAM : SOCK_STREAM);
    if (!bound) return bound.error();
    const ListenerMessage adopted{std::string(name), path, path, ""};
    link_.tell(ControlKind::Adopt, adopted.encode(), {bound->descriptor.get()});
    listeners_.push_back(adopted);
  }
  return "";
}

void ControlProcess::close_listeners(const ProcessEntry& process) {
  const auto belongs = [&](const std::string& name) {
    return std::find(process.listeners.begin(), process.listeners.end(), name) != process.listeners.end() ||
           std::find(process.local_sockets.begin(), process.local_sockets.end(), name) != process.local_sockets.end();
  };
  std::erase_if(listeners_, [&](const ListenerMessage& open) {
    if (!belongs(open.name)) return false;
    link_.tell(ControlKind::CloseListener, open.encode());
    if (open.wanted.starts_with('/')) unlink(open.wanted.c_str());
    return true;
  });
}

// ---- what happens -------------------------------------------------------------------------------------------------

void ControlProcess::handle(ControlMessage message) {
  switch (message.kind) {
    case ControlKind::Listening:
      if (auto open = ListenerMessage::decode(message.text)) listeners_.push_back(std::move(*open));
      break;
    case ControlKind::Spawned:
      if (const auto process = ProcessMessage::decode(message.text); process && message.descriptors.size() == 1) {
        channels_[process->process].reset(message.descriptors.front());
        message.descriptors.clear();
        supervision_.adopt(process->process, process->pid, clock_.now());
        protection_[process->process] = protection_of(io::confinement_offered());  // it said so to the one before us
      }
      break;
    case ControlKind::Ended:
      if (const auto process = ProcessMessage::decode(message.text)) {
        channels_.erase(process->process);
        taking_.erase(process->process);
        const bool ordered = supervision_.one(process->process).state == ProcessState::Stopping;
        supervision_.ended(process->process, process->trouble, clock_.now());
        log_->write(ordered ? events::service_stopped : events::service_died, {.service = process->process, .reason = process->trouble});
      }
      break;
    case ControlKind::ShutDown: shutting_down_ = true, wish_services(); break;
    case ControlKind::ReloadAsked: reload({}); break;
    default: break;
  }
  for (const int descriptor : message.descriptors) close(descriptor);
}

void ControlProcess::poll_once() {
  if (clock_.now() >= say_alive_at_) {
    link_.tell(ControlKind::Alive);
    life_file_->still_alive(clock_.wall());
    say_alive_at_ = clock_.now() + alive_interval;
  }
  while (auto kept = link_.next_kept()) return handle(std::move(*kept));
  std::vector<pollfd> waits = {{link_.descriptor(), POLLIN, 0}, {control_socket_.get(), POLLIN, 0}};
  std::vector<std::string> names;
  for (const auto& [name, channel] : channels_) waits.push_back({channel.get(), POLLIN, 0}), names.push_back(name);
  for (const auto& [caller, since] : callers_) waits.push_back({caller.get(), POLLIN, 0});
  const auto next = std::min(supervision_.next_look(), clock_.now() + 1s);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - clock_.now()).count();
  if (poll(waits.data(), waits.size(), static_cast<int>(std::max<std::int64_t>(0, wait))) <= 0) return;
  if (waits[0].revents != 0) {
    auto message = link_.next();
    if (!message) parent_gone_ = true;
    else handle(std::move(*message));
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (waits[2 + i].revents != 0) hear_service(names[i]);
  const std::size_t first_caller = 2 + names.size(), asked = callers_.size();
  std::vector<std::pair<io::Descriptor, Instant>> silent;
  for (std::size_t i = 0; i < asked; ++i) {
    auto& [connection, since] = callers_[i];
    if (waits[first_caller + i].revents == 0) {
      if (clock_.now() - since < 5s) silent.emplace_back(std::move(connection), since);
      continue;
    }
    Caller caller;
    const bool allowed = may_command(connection.get(), caller) && !is_service(caller.pid);
    auto request = receive_request(connection.get());
    if (request && allowed) obey(std::move(connection), caller, request->words);
  }
  callers_ = std::move(silent);
  if (waits[1].revents != 0) hear_caller();
}

void ControlProcess::hear_service(const std::string& name) {
  const auto channel = channels_.find(name);
  if (channel == channels_.end()) return;
  const auto message = receive_control(channel->second.get());
  if (!message) {
    channels_.erase(channel);  // its end is told by Ended
    return;
  }
  for (const int descriptor : message->descriptors) close(descriptor);
  if (message->kind == ControlKind::ReloadTaken)
    if (const auto taking = taking_.find(name); taking != taking_.end() && --taking->second == 0) taking_.erase(taking);
  if (message->kind != ControlKind::Ready) return;
  protection_[name] = protection_named(message->text).value_or(Protection::None);
  supervision_.ready(name, clock_.now());
}

// For the service manager: once nothing is starting, and whenever it changes. A service that fails does not make the whole
// server one that could not be started: it is tried again, and the words say so.
void ControlProcess::tell_how_all_stand() {
  const auto now = facts();
  std::string failing, stopped;
  for (const auto& service : service_table()) {
    const auto state = service_state(service.name, now);
    if (state == "starting" || state == "stopping") return;
    auto& list = state == "failing" ? failing : stopped;
    if (state == "failing" || state == "stopped") list += (list.empty() ? "" : ", ") + std::string(service.name);
  }
  std::string standing = failing.empty() ? "Well" : "Failing: " + failing;
  if (!stopped.empty()) standing += "; stopped: " + stopped;
  if (standing == told_standing_) return;
  told_standing_ = standing;
  link_.tell(ControlKind::Settled, standing);
}

StatusFacts ControlProcess::facts() const {
  StatusFacts facts{.parent_pid = begun_.parent_pid, .control_pid = getpid(), .began = begun_.served_since, .settings_path = begun_.settings_path,
                    .settings = settings_.values.get(), .supervision = &supervision_, .stopped = &stopped_, .ends = &life_.ends};
  facts.protection = &protection_;
  for (const auto& open : listeners_) facts.listeners.push_back({open.name, open.address});
  facts.wall_now = clock_.wall(), facts.now = clock_.now();
  return facts;
}

int run_control_process(Wording wording) { return ControlProcess(wording).run(); }

}  // namespace hikyaku::apps
