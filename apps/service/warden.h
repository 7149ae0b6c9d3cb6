// The thread of a Service that listens to the supervisor: it takes reloads, turns an order to stop (or the supervisor's
// end) into the stop descriptor, and ends a process that does not return in time.
#pragma once

#include <mutex>
#include <thread>

#include "apps/service/service.h"

namespace hikyaku::apps {

struct Service::Warden {
  explicit Warden(Service& service);
  ~Warden();

  [[nodiscard]] settings::SettingsPointer settings() const;
  // Made when it is first asked for: most services show no certificate.
  [[nodiscard]] std::shared_ptr<const io::TlsServerContext> tls();
  void when_reloaded(std::function<void()> changed);
  void ready();

 private:
  void run();
  void reload(std::string_view text);
  void load_tls();  // under mutex_
  void wait_for_the_end();

  Service& service_;
  mutable std::mutex mutex_;
  settings::SettingsPointer settings_;
  TlsMaterial material_;
  bool shows_certificate_ = false;
  std::shared_ptr<const io::TlsServerContext> tls_;
  std::mutex calling_;  // held during the call, so that none comes after when_reloaded({}) returned
  std::function<void()> when_reloaded_;
  int end_descriptor_ = -1;  // raised by the destructor
  std::thread thread_;
};

}  // namespace hikyaku::apps
