// Recipients of the queue, as tables and JSON.
#pragma once

#include <functional>

#include "apps/cli/hold/view.h"
#include "apps/cli/queue/access.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

// `hold`: which one keeps it; null: none.
void write_item(telemetry::JsonWriter& json, const delivery::QueueItem& item, const directory::Hold* hold = nullptr);
// A last reply for people: a peer's as it is, ours in their language.
[[nodiscard]] std::string shown_reply(const Invocation& call, const std::string& reply);
enum class Heading : std::uint8_t { Shown, Left };
void print_table(Invocation& call, const QueueAccess& queue, const delivery::QueueList& list, WallTime now, Heading heading = Heading::Shown);
void print_json(Invocation& call, const QueueAccess& queue, const delivery::QueueList& list);
void print_more(Invocation& call, const delivery::QueueList& list);

// The page that the request asks for. A long search tells what it has found so far and is asked to go on, until the page is full;
// meanwhile a terminal says so. `found` is called with each part that found something. Nothing: the reason was printed.
[[nodiscard]] std::optional<delivery::QueueList> list_items(Invocation& call, QueueAccess& queue, delivery::QueueListRequest request,
                                                            const std::function<void(const delivery::QueueList&)>& found = {});

}  // namespace hikyaku::cli
