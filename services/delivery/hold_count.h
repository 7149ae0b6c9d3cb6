// What a hold would keep, were it to begin now: for a dry run. The same code in `deliver` and, when that is stopped, in the
// command. Blocking: call on workers.
#pragma once

#include "services/delivery/queue.h"
#include "services/directory/hold.h"

namespace hikyaku::delivery {

struct HoldCount {
  std::uint64_t incoming = 0, deferred = 0;  // recipients
  std::uint64_t octets = 0;                  // of their messages, as far as these were looked at
  bool whole = true;                         // false: there was too much to look at all of it, there are at least so many
  friend bool operator==(const HoldCount&, const HoldCount&) = default;
};

// Looks at the envelopes of at most this many messages; a schedule's destination alone costs nothing.
constexpr std::size_t most_looked_at = 20'000;
[[nodiscard]] HoldCount count_held(spool::Spool& spool, const directory::Hold& hold, std::size_t most = most_looked_at);

}  // namespace hikyaku::delivery
