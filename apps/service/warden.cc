#include "apps/service/warden.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "apps/service/control.h"
#include "base/check.h"

namespace hikyaku::apps {

namespace {
constexpr Duration told_limit = 5s;  // a supervisor that hears nothing for longer is told nothing
}

Service::Warden::Warden(Service& service)
    : service_(service), settings_(service.parts_.settings), material_(service.parts_.tls), end_descriptor_(eventfd(0, EFD_CLOEXEC)) {
  check(end_descriptor_ >= 0, "eventfd");
  if (service_.parts_.supervisor >= 0) thread_ = std::thread([this] { run(); });
}

Service::Warden::~Warden() {
  const std::uint64_t one = 1;
  (void)!write(end_descriptor_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  close(end_descriptor_);
}

settings::SettingsPointer Service::Warden::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

std::shared_ptr<const io::TlsServerContext> Service::Warden::tls() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(shows_certificate_, true)) load_tls();
  return tls_;
}

// The supervisor hands out the former pair with the reason when the files hold one that cannot be used.
void Service::Warden::load_tls() {
  if (settings_->tls.certificate().empty()) return tls_.reset();
  if (!material_.refused.empty()) service_.log().write(telemetry::events::tls_refused, {.reason = material_.refused});
  if (material_.certificate.empty()) return;
  auto made = io::TlsServerContext::from_pem(material_.certificate, material_.key);
  if (made) tls_ = *std::move(made);
  else service_.log().write(telemetry::events::tls_refused, {.reason = made.error().what});
}

void Service::Warden::when_reloaded(std::function<void()> changed) {
  const std::lock_guard lock(calling_);
  when_reloaded_ = std::move(changed);
}

void Service::Warden::ready() {
  service_.log().write(telemetry::events::service_started, {});
  if (service_.parts_.supervisor >= 0) (void)send_control(service_.parts_.supervisor, {.kind = ControlKind::Ready, .text = std::string(protection_name(service_.parts_.protection))}, told_limit);
}

void Service::Warden::run() {
  for (;;) {
    pollfd waits[] = {{service_.parts_.supervisor, POLLIN, 0}, {end_descriptor_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0) continue;
    if (waits[1].revents != 0) return;
    auto message = receive_control(service_.parts_.supervisor);
    if (message)
      for (const int descriptor : message->descriptors) close(descriptor);
    if (message && message->kind == ControlKind::Reload) {
      reload(message->text);
    } else if (!message || message->kind == ControlKind::Stop) {
      service_.log().write(telemetry::events::service_stopping, {.reason = message ? "" : "the supervisor is gone"});
      service_.order_stop();
      return wait_for_the_end();
    }
  }
}

void Service::Warden::reload(std::string_view text) {
  const auto start = ServiceStart::decode(text);
  if (!start) return;
  auto taken = hikyaku::settings::parse_settings(start->settings_toml, start->settings_file);
  if (!taken) {
    service_.log().write(telemetry::events::settings_refused, {.reason = taken.error().front().text()});
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    settings_ = std::move(*taken);
    material_ = {start->tls_certificate, start->tls_key, start->tls_refused};
    if (shows_certificate_) load_tls();
  }
  if (const auto level = telemetry::parse_level(settings()->log.level())) service_.log().set_level(*level);
  service_.log().set_retention(static_cast<int>(settings()->log.retention_days()));
  {
    const std::lock_guard lock(calling_);
    if (when_reloaded_) when_reloaded_();
  }
  // Once for a service: a store's front says it.
  if (!service_.name().ends_with("-store")) service_.log().write(telemetry::events::settings_reloaded, {.service = service_.name()});
  (void)send_control(service_.parts_.supervisor, {.kind = ControlKind::ReloadTaken}, told_limit);
}

// The service has `serve.stop_limit` to return; then the process ends here, as after a crash.
void Service::Warden::wait_for_the_end() {
  pollfd wait{end_descriptor_, POLLIN, 0};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(settings()->serve.stop_limit()).count();
  if (poll(&wait, 1, static_cast<int>(limit)) > 0) return;
  service_.log().write(telemetry::events::service_stopped, {.service = service_.name(), .reason = "ended by force: open work was not finished within serve.stop_limit"});
  service_.log().drain();
  _exit(75);
}

}  // namespace hikyaku::apps
