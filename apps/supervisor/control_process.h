// `hikyaku control-process`: the unprivileged half of the supervisor. It reads the settings, decides what runs
// (supervision.h), answers the control socket (control_commands.cc), and asks the parent for what needs rights (parent.h).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/supervisor/control_socket.h"
#include "apps/supervisor/life_sign.h"
#include "apps/supervisor/parent_link.h"
#include "apps/supervisor/service_table.h"
#include "apps/supervisor/settings_change.h"
#include "apps/supervisor/status_json.h"
#include "apps/supervisor/supervision.h"
#include "apps/supervisor/wanted_state.h"
#include "apps/supervisor/wording.h"
#include "io/posix_disk.h"
#include "services/telemetry/log.h"

namespace hikyaku::apps {

class ControlProcess {
 public:
  explicit ControlProcess(Wording wording);
  int run();  // until the parent orders the end or disappears; what the process ends with

 private:
  struct SettingsFile {
    std::string text, path;
    std::shared_ptr<settings::Settings> values;
  };
  struct Pending {  // a command whose answer waits for its outcome
    io::Descriptor connection;
    std::string service;
    bool up = false;
    Instant until{};
  };

  bool learn_the_state();
  std::optional<std::string> read_settings();  // what is wrong with them
  std::optional<std::string> take_settings(std::string text);
  [[nodiscard]] bool take_last_good();
  [[nodiscard]] std::string take_the_folder();
  [[nodiscard]] std::string open_control_socket();
  // Says so, here and for status, when whoever was before it did not end in order.
  void take_the_life_sign();
  void give_up(const std::string& why);
  void handle(ControlMessage message);
  void wish_services();
  // Services that begin and end without a reload: signer, with its first and its last key.
  void follow_keys();
  void carry_out();
  void start_process(const std::string& name);
  void stop_process(const std::string& name, bool keep_listeners);
  [[nodiscard]] std::string open_listeners(const ProcessEntry& process);
  void close_listeners(const ProcessEntry& process);
  void poll_once();
  void hear_service(const std::string& name);
  // control_commands.cc
  void hear_caller();
  void obey(io::Descriptor connection, const Caller& caller, const std::vector<std::string>& words);
  void order(io::Descriptor connection, const Caller& caller, const std::string& verb, const ServiceEntry& service);
  void reload(io::Descriptor connection);
  void answer_pending();
  void answer_reloads();
  void answer_reload(const io::Descriptor& connection);
  // For commands to go by while the file has mistakes (services/settings/last_good.h).
  void keep_as_last_good();
  [[nodiscard]] std::vector<WaitingSetting> waiting_settings() const;
  void tell_how_all_stand();
  [[nodiscard]] SpawnMessage spawn_message(const ProcessEntry& process) const;
  [[nodiscard]] StatusFacts facts() const;
  [[nodiscard]] std::string stopped_path() const { return begun_.data_folder + "/supervisor/stopped-services"; }
  [[nodiscard]] bool all_down() const;
  // Services run as the same user; what a client made of one of them must not command the others. may_command() knows those that are
  // confined; where nothing confines them, they are known by their numbers.
  [[nodiscard]] bool is_service(int pid) const;

  Wording wording_;
  ParentLink link_;
  BegunMessage begun_;
  SettingsFile settings_;
  std::shared_ptr<settings::Settings> began_with_;                           // what serve keeps to until it is restarted
  std::map<std::string, std::shared_ptr<settings::Settings>> started_with_;  // what each process was started with
  Supervision supervision_;
  StoppedServices stopped_;
  std::map<std::string, io::Descriptor> channels_;  // of processes
  std::map<std::string, Protection> protection_;    // of processes, as they said
  std::vector<ListenerMessage> listeners_;          // open in the parent
  io::Descriptor control_socket_;
  std::vector<Pending> pending_;
  std::vector<std::pair<io::Descriptor, Instant>> reloads_;  // commands that wait until the settings are in force everywhere, and until when
  std::map<std::string, unsigned> taking_;                   // how many reloads a process has not taken yet
  std::vector<std::pair<io::Descriptor, Instant>> callers_;  // connected, have not asked
  io::PosixDisk disk_;
  SystemClock clock_;
  std::unique_ptr<telemetry::Log> log_;
  std::unique_ptr<LifeFile> life_file_;
  LifeSign life_;
  Instant say_alive_at_{};
  std::string told_standing_;
  Instant look_for_keys_at_{};
  bool shutting_down_ = false, parent_gone_ = false;
};

// Runs on descriptor 3, the link to the parent, until the parent orders the end or disappears.
int run_control_process(Wording wording);

}  // namespace hikyaku::apps
