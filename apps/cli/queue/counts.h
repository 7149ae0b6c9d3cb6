// The three places of the queue as people know them: incoming, holding, domains.
#pragma once

#include "apps/cli/queue/access.h"

namespace hikyaku::cli {

// Messages, octets and oldest age of each, as a table or as JSON.
void print_counts(Invocation& call, const spool::SpoolCounts& counts, WallTime now);
[[nodiscard]] std::string counts_json(const spool::SpoolCounts& counts);
[[nodiscard]] bool is_empty(const spool::SpoolCounts& counts);

}  // namespace hikyaku::cli
