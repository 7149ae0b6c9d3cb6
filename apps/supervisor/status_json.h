// The state of all services as JSON: what `hikyaku status --json` prints and the people's form is made of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/service/protection.h"
#include "apps/supervisor/life_sign.h"
#include "apps/supervisor/supervision.h"
#include "apps/supervisor/wanted_state.h"
#include "services/settings/settings.h"

namespace hikyaku::apps {

struct ListenerStatus {
  std::string name, address;
};

struct StatusFacts {
  int parent_pid = 0;
  int control_pid = 0;
  WallTime began{};
  std::string settings_path;
  const settings::Settings* settings = nullptr;
  const Supervision* supervision = nullptr;
  const StoppedServices* stopped = nullptr;
  const std::vector<UnsaidEnd>* ends = nullptr;  // of those before, which did not say so
  std::vector<ListenerStatus> listeners;
  const std::map<std::string, Protection>* protection = nullptr;  // of processes
  WallTime wall_now{};
  Instant now{};
};

// "running", "starting", "stopping", "stopped", "failing", "not configured".
[[nodiscard]] std::string service_state(std::string_view service, const StatusFacts& facts);
[[nodiscard]] std::string status_json(const StatusFacts& facts);

}  // namespace hikyaku::apps
