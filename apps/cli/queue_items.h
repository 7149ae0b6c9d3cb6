// Recipients of the queue, as tables and JSON.
#pragma once

#include "apps/cli/hold_view.h"
#include "apps/cli/queue_access.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

// `hold`: which one keeps it; null: none.
void write_item(telemetry::JsonWriter& json, const delivery::QueueItem& item, const directory::Hold* hold = nullptr);
// A last reply for people: a peer's as it is, ours in their language.
[[nodiscard]] std::string shown_reply(const Invocation& call, const std::string& reply);
void print_table(Invocation& call, const delivery::QueueList& list, WallTime now);
void print_items(Invocation& call, const delivery::QueueList& list, WallTime now);

}  // namespace hikyaku::cli
