#include "apps/service/service.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "apps/service/warden.h"
#include "base/check.h"

namespace hikyaku::apps {

Service::Service(Parts parts) : parts_(std::move(parts)) {
  check(parts_.settings && parts_.log, "a service has settings and a log");
  data_folder_ = parts_.settings->node.data();
  stop_descriptor_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  check(stop_descriptor_ >= 0, "eventfd");
  warden_ = std::make_unique<Warden>(*this);
}

Service::~Service() {
  warden_.reset();
  close(stop_descriptor_);
}

std::string Service::hostname() const {
  const auto now = settings();
  if (!now->node.hostname().empty()) return now->node.hostname();
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

std::vector<Listener> Service::listeners(std::string_view name) const {
  std::vector<Listener> found;
  for (const auto& listener : parts_.listeners)
    if (listener.name == name) found.push_back(listener);
  return found;
}

void Service::order_stop() {
  stopping_ = true;
  const std::uint64_t one = 1;
  (void)!write(stop_descriptor_, &one, sizeof one);
}

settings::SettingsPointer Service::settings() const { return warden_->settings(); }
std::shared_ptr<const io::TlsServerContext> Service::tls() const { return warden_->tls(); }
void Service::when_reloaded(std::function<void()> changed) { warden_->when_reloaded(std::move(changed)); }
void Service::ready() { warden_->ready(); }

}  // namespace hikyaku::apps
