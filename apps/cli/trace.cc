// hikyaku trace ID: one mail's whole life, from every service's log, and where it waits now.
#include "apps/cli/commands.h"
#include "apps/cli/log_files.h"
#include "apps/cli/log_forms.h"
#include "apps/cli/queue_items.h"
#include "apps/service/data_folders.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const auto filter = filter_of(call);
  if (!filter) return Exit::Failed;
  const std::string wanted = "\"message\":\"" + filter->id->text() + "\"";
  telemetry::JsonWriter json;
  std::string events;
  std::size_t found = 0;
  for_each_line({.folder = apps::folder::in(settings->node.data(), apps::folder::log)}, [&](const LogLine& line) {
    if (line.text.find(wanted) == std::string_view::npos) return true;
    ++found;
    const auto parsed = JsonView::parse(line.text);
    if (call.json) events += (events.empty() ? "" : ",") + std::string(line.text);
    else if (parsed) call.print(human_form(*parsed, call.language));
    return true;
  });
  const auto waiting = ask_queue_for<delivery::QueueList>(call, delivery::QueueListRequest{*filter, 0, 1'000});
  if (call.json) {
    json.array();
    if (waiting)
      for (const auto& item : waiting->items) write_item(json, item);
    call.print("{\"message\":\"" + filter->id->text() + "\",\"events\":[" + events + "],\"waiting\":" + json.end_array().take() + "}");
  } else if (waiting) {
    for (const auto& item : waiting->items)
      call.print(item.recipient + ": " + std::string(call.say(item.state == delivery::QueueState::Deferred ? Words{"deferred, waits in domains", "再送待ち(domains)"} : Words{"waits in incoming", "incoming で待機中"})) +
                 (item.last_reply.empty() ? "" : ": " + item.last_reply));
  }
  if (found == 0 && (!waiting || waiting->items.empty()))
    return call.fail(Words{"nothing is known of this message here: no log line, not in the queue", "このメールの記録はない(ログにもキューにもない)"});
  return Exit::Done;
}

}  // namespace

Command trace_command() {
  return {.name = "trace",
          .help = {"one mail's whole life across all services", "1 通のメールの経過を全サービスにわたって示す"},
          .options = {{"ID", OptionKind::Argument, {"its trace id", "追跡 ID"}}},
          .run = run};
}

}  // namespace hikyaku::cli
