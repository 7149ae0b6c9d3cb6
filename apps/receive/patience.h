// Patience: how long a connection waits for its replies that makes one error after the other, or sends commands and no mail. The
// first ones are free, since people and their programs err; after that each costs time and none of ours. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace hikyaku::receive {

class Patience {
 public:
  static constexpr std::uint32_t free_commands = 2'000, commands_of_a_second = 100;  // since the last message
  static constexpr Duration longest = std::chrono::seconds{60};                      // at once

  // Errors that cost nothing; 0: nothing ever costs anything.
  explicit Patience(std::uint32_t free_errors) : free_errors_(free_errors) {}

  // For what came since the last call: a second for each error beyond the free ones, and for each hundred commands.
  // `commands`: since the last message, so that it may become less.
  [[nodiscard]] Duration take(std::uint32_t errors, std::uint32_t commands) {
    if (free_errors_ == 0) return {};
    const auto beyond = [](std::uint32_t all, std::uint32_t free) { return all > free ? all - free : 0U; };
    const auto due = std::uint64_t{beyond(errors, free_errors_)} * commands_of_a_second + beyond(commands, free_commands);
    const auto paid = std::min(paid_, due);  // a message makes up for its commands
    const auto seconds = (due - paid) / commands_of_a_second;
    paid_ = paid + seconds * commands_of_a_second;
    return std::min<Duration>(std::chrono::seconds{seconds}, longest);
  }

 private:
  const std::uint32_t free_errors_;
  std::uint64_t paid_ = 0;  // in commands
};

}  // namespace hikyaku::receive
