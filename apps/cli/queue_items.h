// Recipients of the queue, as tables and JSON.
#pragma once

#include "apps/cli/hold_view.h"
#include "apps/cli/queue_access.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

// `hold`: which one keeps it; null: none.
void write_item(telemetry::JsonWriter& json, const delivery::QueueItem& item, const directory::Hold* hold = nullptr);
void print_table(Invocation& call, const delivery::QueueList& list, WallTime now);
void print_items(Invocation& call, const delivery::QueueList& list, WallTime now);

}  // namespace hikyaku::cli
