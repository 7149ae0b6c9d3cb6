// Gate: what reception needs to judge strangers, for one loop: the resolver that its rules ask.
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"
#include "io/resolver.h"
#include "services/policy/answers.h"
#include "services/settings/settings.h"

namespace hikyaku::receive {

class Gate {
 public:
  explicit Gate(io::Loop& loop) : loop_(loop) {}
  // Looks up what `answers` want; what cannot be had by then is a failure. `answers` must outlive the task. The error, told once for each
  // change of it: why DNS cannot be asked at all.
  Task<std::string> look_up(settings::SettingsPointer settings, policy::Answers& answers, Deadline deadline);

 private:
  [[nodiscard]] std::string open(const settings::Settings& settings);

  io::Loop& loop_;
  std::string asked_;  // the settings that resolver_ was made by, as text
  std::unique_ptr<io::Resolver> resolver_;
  std::unique_ptr<io::Resolver> former_;  // by settings before; questions to it may be under way
};

}  // namespace hikyaku::receive
