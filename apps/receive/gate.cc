#include "apps/receive/gate.h"

#include "services/delivery/resolver_settings.h"
#include "services/policy/look_up.h"

namespace hikyaku::receive {
std::string Gate::open(const settings::Settings& settings) {
  const auto asked = settings.delivery.resolvers.value_text() + settings.delivery.trust_anchors();
  if (resolver_ && asked == asked_) return {};
  auto options = delivery::resolver_options(settings);
  if (!options) return std::move(options).error();
  try {
    // Nobody waits for the one before the last longer than `patience`, and settings change at a person's pace.
    former_ = std::exchange(resolver_, std::make_unique<io::Resolver>(loop_, *std::move(options)));
    asked_ = asked;
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

Task<std::string> Gate::look_up(settings::SettingsPointer settings, policy::Answers& answers, Deadline deadline) {
  auto trouble = open(*settings);
  if (!trouble.empty()) {
    for (const auto& question : answers.take_wanted()) answers.give(question, {policy::Answer::Kind::Failure, {}});
    co_return trouble;
  }
  auto looking = policy::look_up(loop_, *resolver_, answers, deadline);
  co_await std::move(looking);
  co_return std::string{};
}

}  // namespace hikyaku::receive
