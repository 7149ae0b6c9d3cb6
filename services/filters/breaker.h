// Breaker: remembers of one program beside us whether it answers. After failures in a row it is not asked for a while, so that mail does not wait for it one by
// one; then one message tries whether it is back. Pure; of one loop.
#pragma once

#include "base/clock.h"

namespace hikyaku::filters {

class Breaker {
 public:
  static constexpr unsigned failures_before_rest = 3;

  // False: do not ask now. True for one message when the rest is over, and then for nobody else until it noted how it went or `patience` passed.
  [[nodiscard]] bool may_ask(Instant now, Duration patience) {
    if (failures_ < failures_before_rest) return true;
    if (now < again_at_) return false;
    again_at_ = now + patience;
    return true;
  }
  void succeeded() { failures_ = 0; }
  void failed(Instant now, Duration rest) {
    if (++failures_ >= failures_before_rest) again_at_ = now + rest;
  }
  [[nodiscard]] bool rests(Instant now) const { return failures_ >= failures_before_rest && now < again_at_; }

 private:
  unsigned failures_ = 0;
  Instant again_at_{};
};

}  // namespace hikyaku::filters
