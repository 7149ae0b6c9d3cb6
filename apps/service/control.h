// What the supervisor and a service process say to each other: one packet of a SOCK_SEQPACKET pair is one message, so
// nothing can be half read. Large texts (settings, PEM) travel in a sealed memory file passed beside the message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace hikyaku::apps {

enum class ControlKind : std::uint8_t {
  Begin = 1,    // to the service: its part of the world (text: ServiceStart encoded), descriptors: listeners
  Reload,       // to the service: settings and TLS again (text as Begin, no listeners)
  Stop,         // to the service: finish and end
  Ready,        // from the service (text: its protection, by name)
  ReloadTaken,  // from the service: the new settings are in force

  // Between the supervisor's two processes (apps/supervisor/parent.h).
  Listen = 32, Adopt, CloseListener, Spawn, KillProcess, ReloadProcess, OpenSettings, GiveUp,
  Alive,    // the control process goes round its loop
  Settled,  // nothing is starting any more; how the services stand, in words (text)
  Listening = 48, Spawned, Ended, SettingsFile, ShutDown, ReloadAsked, Begun,
};

struct ControlMessage {
  ControlKind kind{};
  std::string text;
  std::vector<int> descriptors;  // owned by whoever received them
};

// Waits at most `limit` for a receiver that reads nothing (some 200 messages fit unread). False: not sent; the other side is
// gone, or does not read.
bool send_control(int socket, const ControlMessage& message, Duration limit);
// Blocks until there is one. Nothing: the other side is gone or spoke nonsense.
[[nodiscard]] std::optional<ControlMessage> receive_control(int socket);

// What a service is told in Begin and Reload.
struct ServiceStart {
  std::string name;
  std::string settings_toml;
  std::string settings_file;  // its name, for messages
  std::string tls_certificate, tls_key, tls_refused;  // as TlsMaterial
  struct NamedListener {
    std::string name, address;
  };
  std::vector<NamedListener> listeners;  // in the order of the descriptors

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<ServiceStart> decode(std::string_view bytes);
};

}  // namespace hikyaku::apps
