// What the supervisor's privileged parent and its unprivileged control process tell each other, beside ControlMessage.
// Every text is one wire encoding; a message the parent does not understand ends the control process, never the parent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace hikyaku::apps {

// The control process says Alive this often. One that is not heard of for so long, or does not read what it is told, is
// killed and started again: the services go on meanwhile, and the successor is told everything.
inline constexpr Duration alive_interval = 5s, silence_limit = 30s;

// Listen, Adopt, CloseListener (control -> parent), Listening (parent -> control, with `address` as it was bound, or `trouble`).
struct ListenerMessage {
  std::string name;     // "smtp"
  std::string wanted;   // as the settings write it: "*:25"; the listener's key together with the name
  std::string address;  // what it is bound to
  std::string trouble;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<ListenerMessage> decode(std::string_view bytes);
};

// Spawn, ReloadProcess (control -> parent). The parent passes the listeners named, and adds the TLS texts of
// the files that it finds in the settings file: no path that it opens comes from here.
struct SpawnMessage {
  std::string process;
  std::string settings_toml, settings_file;
  std::vector<std::string> listeners;  // names; every open listener of that name is passed
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<SpawnMessage> decode(std::string_view bytes);
};

// SettingsFile, the answer to OpenSettings: what the file holds. Nothing: it cannot be read, or is larger than 1 MiB.
struct SettingsMessage {
  std::optional<std::string> text;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<SettingsMessage> decode(std::string_view bytes);
};

// Spawned (with the control channel as descriptor, or `trouble`), Ended, KillProcess.
struct ProcessMessage {
  std::string process;
  int pid = 0;
  std::string trouble;  // why it was not started, or how it ended: "signal 9 (Killed)"
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<ProcessMessage> decode(std::string_view bytes);
};

// Begun: the control process now knows everything that runs.
struct BegunMessage {
  std::string settings_path, data_folder;
  int parent_pid = 0;
  bool first = true;  // the data folder must be locked yet; false: it comes back after a crash of its own
  WallTime served_since{};  // when the parent began
  // Of the one before it, when it is not the first.
  int before_pid = 0;
  WallTime before_ended{};
  std::string before_how;  // "signal 9 (Killed)"
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<BegunMessage> decode(std::string_view bytes);
};

}  // namespace hikyaku::apps
