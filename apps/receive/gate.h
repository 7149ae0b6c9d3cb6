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
  // Looks up what `answers` want; what cannot be had by then is a failure. `settings`: those in force now, whatever the session began with. `answers`
  // must outlive the task. The text, once for each change of the settings: why DNS cannot be asked as they say.
  Task<std::string> look_up(settings::SettingsPointer settings, policy::Answers& answers, Deadline deadline);

 private:
  [[nodiscard]] std::string open(const settings::Settings& settings);

  io::Loop& loop_;
  std::string asked_;  // the settings that were tried last, as text
  std::shared_ptr<io::Resolver> resolver_;  // by the last that could be used; questions under way keep it
};

}  // namespace hikyaku::receive
