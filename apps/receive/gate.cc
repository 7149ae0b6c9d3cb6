#include "apps/receive/gate.h"

#include "services/delivery/resolver_settings.h"
#include "services/policy/look_up.h"

namespace hikyaku::receive {
std::string Gate::open(const settings::Settings& settings) {
  auto asked = settings.delivery.resolvers.value_text() + settings.delivery.trust_anchors();
  if (asked == asked_) return {};
  asked_ = std::move(asked);
  auto options = delivery::resolver_options(settings);
  if (!options) return std::move(options).error();
  try {
    resolver_ = std::make_shared<io::Resolver>(loop_, *std::move(options));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

Task<std::string> Gate::look_up(settings::SettingsPointer settings, policy::Answers& answers, Deadline deadline) {
  auto trouble = open(*settings);
  if (!resolver_) {
    for (const auto& question : answers.take_wanted()) answers.give(question, {policy::Answer::Kind::Failure, {}});
    co_return trouble;
  }
  auto looking = policy::look_up(loop_, resolver_, answers, deadline);
  co_await std::move(looking);
  co_return trouble;
}

}  // namespace hikyaku::receive
