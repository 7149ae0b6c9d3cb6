#include "apps/service/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "apps/service/confine.h"
#include "apps/service/control.h"
#include "apps/service/counters_file.h"
#include "apps/service/data_folders.h"

namespace hikyaku::apps {

namespace {

namespace events = telemetry::events;
constexpr int channel = 3;
constexpr int not_started = 78;

int refuse(std::string_view name, const std::string& why) {
  std::fprintf(stderr, "hikyaku: %.*s: %s\n", static_cast<int>(name.size()), name.data(), why.c_str());
  return not_started;
}

// Connections, segments and databases are descriptors; the default of 1,024 is for interactive programs.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) limit.rlim_cur = limit.rlim_max, setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<Listener> named_listeners(const ServiceStart& start, const std::vector<int>& descriptors) {
  std::vector<Listener> listeners;
  for (std::size_t i = 0; i < start.listeners.size() && i < descriptors.size(); ++i)
    listeners.push_back({start.listeners[i].name, start.listeners[i].address, descriptors[i]});
  return listeners;
}

int run_guarded(Service& service, RunService run) {
  try {
    const int status = run(service);
    // Ending without an order is a failure whatever the status says: the supervisor starts the service again.
    if (!service.stopping() && status == 0) return not_started;
    return status;
  } catch (const std::exception& problem) {
    service.log().write(events::service_failed, {.reason = problem.what()});
    return refuse(service.name(), problem.what());
  }
}

}  // namespace

int run_service_process(std::string_view name, std::span<const ProcessFunction> functions) {
  const auto found = std::find_if(functions.begin(), functions.end(), [&](const auto& entry) { return entry.name == name; });
  prctl(PR_SET_NAME, ("hk-" + std::string(name)).c_str());
  signal(SIGPIPE, SIG_IGN);
  const auto begin = receive_control(channel);
  const auto start = begin && begin->kind == ControlKind::Begin ? ServiceStart::decode(begin->text) : std::nullopt;
  if (!start) return refuse(name, "is started by `hikyaku serve` only");
  if (found == functions.end()) return refuse(name, "this program has no such service");
  auto settings = settings::parse_settings(start->settings_toml, start->settings_file);
  if (!settings) return refuse(name, settings.error().front().text());
  raise_descriptor_limit();
  tzset();
  auto protection = Protection::SwitchedOff;
  if ((*settings)->serve.confine()) {
    const auto confined = confine(name, **settings);
    if (!confined) return refuse(name, confined.error());
    protection = protection_of(*confined);
  }

  const SystemClock clock;
  const telemetry::LogOptions options{.folder = (*settings)->node.data() + "/log",
                                      .service = std::string(name),
                                      .level = telemetry::parse_level((*settings)->log.level()).value_or(telemetry::Level::Info),
                                      .queue_octets = (*settings)->log.queue_size().octets,
                                      .retention_days = static_cast<int>((*settings)->log.retention_days())};
  telemetry::Log log(options, telemetry::file_sink(options), clock);
  Service service({.name = std::string(name),
                   .settings = *settings,
                   .listeners = named_listeners(*start, begin->descriptors),
                   .tls = {start->tls_certificate, start->tls_key, start->tls_refused},
                   .log = &log,
                   .protection = protection,
                   .supervisor = channel});
  const CountersFile counters((*settings)->node.data() + "/" + std::string(folder::counters) + "/" + std::string(name), log, clock);
  if (protection != Protection::Full) log.write(events::service_unconfined, {.reason = protection_words(protection).english});
  const int status = run_guarded(service, found->run);
  log.write(events::service_stopped, {.service = name});
  return status;
}

}  // namespace hikyaku::apps
