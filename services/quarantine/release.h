// Releasing: a quarantined message goes into an incoming journal of its own, whose writer is whoever releases it, and is delivered like
// any accepted mail. It needs no service to run and none to stop. Only when it is durable there it leaves the quarantine: a crash
// between leaves it in both, and a second release makes a second copy.
#pragma once

#include "services/quarantine/store.h"

namespace hikyaku::quarantine {

// Gives the text as its sender wrote it.
using ReadText = std::function<spool::SpoolResult<>(const TraceId& id, const To& to)>;

struct ReleaseOptions {
  std::string spool_folder;
  std::uint16_t node = 1;
  std::uint64_t reserve_octets = 1ULL << 30;
  std::string_view field = "X-Quarantine";  // that says so, above the text
  ReadText read = {};                       // empty: as it stands in the store
};
struct Released {
  TraceId from, as;
  std::string mark = {};  // Entry::mark
  std::string sender = {}, recipient = {};  // the first of them
};
// The ids under which they go on, in order; blocks. An error ends it: those before it are released.
[[nodiscard]] spool::SpoolResult<> release(io::Disk& disk, Store& store, const std::vector<TraceId>& ids, const ReleaseOptions& options, WallTime now,
                                           const std::function<void(const Released&)>& each);

}  // namespace hikyaku::quarantine
