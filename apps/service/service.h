// Service: what a service process is given. Each process is one function `int run_<name>(Service&)` in a folder of its
// own under apps/ (apps/receive/run.h declares run_receive), listed in apps/hikyaku/processes.cc; it wires its parts,
// calls ready(), serves until stop_descriptor() becomes readable, finishes what is open, and returns 0.
//
// When the function is called, the process is already unprivileged and (unless switched off) confined: it can open
// only what its row in apps/service/confine.cc names, so everything else comes through here.
// A thread of the Service listens to the supervisor; a supervisor that disappears counts as an order to stop, and a
// process that has not returned within `serve.stop_limit` after the order is ended.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/service/protection.h"
#include "io/tls_context.h"
#include "services/settings/settings.h"
#include "services/telemetry/log.h"

namespace hikyaku::apps {

// A bound, listening, non-blocking socket, inherited from the supervisor and shared with the successor after a crash:
// accept from it, never shut it down. Several processes' loops may accept from the same one.
struct Listener {
  std::string name;     // "smtp", "submission", "submissions", "lmtp", "imap", "imaps", "pop3", "pop3s", or the name of
                        // a local socket: "auth", "deliver-control", "deliver-asks", "imap-store", "pop3-store", and "deliver-bell",
                        // which takes datagrams
  std::string address;  // "192.0.2.1:25", "[::]:25", or the path of a local socket
  int descriptor = -1;
};

// PEM texts, read and tried by the supervisor. Empty: TLS is not configured, or there never was a pair that can be used.
struct TlsMaterial {
  std::string certificate;  // with its chain
  std::string key;
  std::string refused;  // not empty: why what the files hold cannot be used; then this is the former pair
};

class Service {
 public:
  struct Parts {
    std::string name;  // "receive", "deliver", "auth", "imap-front", "imap-store", "pop3-front", "pop3-store"
    settings::SettingsPointer settings;
    std::vector<Listener> listeners;
    TlsMaterial tls;
    telemetry::Log* log = nullptr;
    Protection protection = Protection::SwitchedOff;
    int supervisor = -1;  // the control channel; -1 in tests: nobody
  };
  explicit Service(Parts parts);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] const std::string& name() const { return parts_.name; }
  [[nodiscard]] Protection protection() const { return parts_.protection; }
  [[nodiscard]] telemetry::Log& log() const { return *parts_.log; }
  // The data folder (absolute, no trailing slash) and a path inside it: path("spool/incoming-1").
  [[nodiscard]] const std::string& data_folder() const { return data_folder_; }
  [[nodiscard]] std::string path(std::string_view inside) const { return data_folder_ + "/" + std::string(inside); }
  // This server's name in greetings and Received lines.
  [[nodiscard]] std::string hostname() const;

  // The snapshot in force; take a new one for each connection or task. Thread-safe.
  [[nodiscard]] settings::SettingsPointer settings() const;
  // Null: TLS is not configured, or there never was a certificate that can be used. What cannot be used leaves the former one in force.
  [[nodiscard]] std::shared_ptr<const io::TlsServerContext> tls() const;
  // `changed` runs on the Service's thread after settings or TLS material were replaced; it must not block. It takes the
  // place of the one before; after when_reloaded({}) has returned no call is under way or will come.
  void when_reloaded(std::function<void()> changed);

  [[nodiscard]] const std::vector<Listener>& listeners() const { return parts_.listeners; }
  [[nodiscard]] std::vector<Listener> listeners(std::string_view name) const;

  // Everything is up and connections are being accepted. The supervisor waits for it (at most 60 s).
  void ready();
  // An eventfd that becomes and stays readable when the service is to stop; wait for it, do not read it.
  [[nodiscard]] int stop_descriptor() const { return stop_descriptor_; }
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  // What a test does in place of the supervisor.
  void order_stop();

 private:
  struct Warden;  // the thread that listens to the supervisor
  Parts parts_;
  std::string data_folder_;
  int stop_descriptor_ = -1;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<Warden> warden_;
};

using RunService = int (*)(Service&);

}  // namespace hikyaku::apps
