// MailingMeter: which mail is part of a large mailing. A sender's level rises with each recipient and falls with time; above
// the mark its mail is heavy and lets light mail overtake (lanes.h). Pure; bounded.
#pragma once

#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "services/delivery/lanes.h"

namespace hikyaku::delivery {

class MailingMeter {
 public:
  static constexpr std::size_t most_senders = 20'000;
  static constexpr double heavy_level = 50;        // recipients beyond which a mailing is large
  static constexpr double falls_each_second = 0.5;

  // Counts `recipients` more of `sender` ("": error mails), and weighs them.
  Weight weigh(const std::string& sender, std::size_t recipients, WallTime now) {
    if (levels_.size() >= most_senders) forget(now);
    auto& level = levels_[sender];
    level.value = now_level(level, now) + static_cast<double>(recipients);
    level.at = now;
    return level.value > heavy_level ? Weight::Heavy : Weight::Light;
  }
  [[nodiscard]] std::size_t senders() const { return levels_.size(); }

 private:
  struct Level {
    double value = 0;
    WallTime at{};
  };
  static double now_level(const Level& level, WallTime now) {
    const double seconds = std::chrono::duration<double>(now - level.at).count();
    return std::max(0.0, std::min(level.value, 1'000.0) - std::max(0.0, seconds) * falls_each_second);
  }
  // Those that have come to rest, or all when nobody rests.
  void forget(WallTime now) {
    std::erase_if(levels_, [now](const auto& one) { return now_level(one.second, now) <= 0; });
    if (levels_.size() >= most_senders) levels_.clear();
  }
  std::unordered_map<std::string, Level> levels_;
};

}  // namespace hikyaku::delivery
