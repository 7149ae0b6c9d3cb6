// TroubleWatch: what reception depends on and does not get. It is told when it begins, twice a day while it lasts, and when it is over; each
// message that it concerns has a line of its own.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "services/telemetry/log.h"

namespace hikyaku::receive {

class TroubleWatch {
 public:
  struct Terms {
    const telemetry::Event& begun;  // told with `text`: the name, and `reason`
    const telemetry::Event& over;   // with `text` and `since`
    unsigned failures = 1;          // in a row, until it is told
    Duration calm{};                // since the last failure, until a success ends it
  };
  TroubleWatch(telemetry::Log& log, const Clock& clock, Terms terms) : log_(log), clock_(clock), terms_(terms) {}

  static constexpr Duration told_again = std::chrono::hours{12};

  // Any thread. `name`: which of them, by its setting; at most as many as are set are remembered.
  void failed(std::string_view name, std::string_view reason);
  // Costs nothing while all is well.
  void well(std::string_view name);

 private:
  struct Trouble {
    unsigned failures = 0;
    WallTime since{};
    Instant last{}, told{};
  };
  telemetry::Log& log_;
  const Clock& clock_;
  const Terms terms_;
  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::map<std::string, Trouble, std::less<>> troubles_;
};

}  // namespace hikyaku::receive
