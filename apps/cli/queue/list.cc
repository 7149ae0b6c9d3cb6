// hikyaku queue list
#include "apps/cli/commands.h"
#include "apps/cli/queue/items.h"
#include "apps/cli/value.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  const auto filter = filter_of(call);
  if (!filter) return Exit::Failed;
  const auto after = delivery::parse_queue_cursor(call.has("--after") ? std::string_view(call.given.at("--after").front()) : "0");
  if (!after) return call.fail("--after is what the page before ended with");
  const auto queue = QueueAccess::open(call);
  if (!queue) return Exit::Failed;
  const delivery::QueueListRequest request{*filter, *after, static_cast<std::uint32_t>(count_of(call, "--limit", 100))};
  const auto now = SystemClock{}.wall();
  if (call.json) {
    const auto list = list_items(call, *queue, request);
    if (list) print_json(call, *queue, *list);
    return list ? Exit::Done : Exit::Failed;
  }
  auto heading = Heading::Shown;
  const auto list = list_items(call, *queue, request, [&](const delivery::QueueList& part) {
    if (part.items.empty() && heading == Heading::Left) return;
    print_table(call, *queue, part, now, heading);  // at once, however long the search goes on
    heading = Heading::Left;
  });
  if (list) print_more(call, *list), tell_if_stopped(call, *queue);
  return list ? Exit::Done : Exit::Failed;
}

}  // namespace

Command queue_list_command() {
  auto options = filter_options();
  options.push_back(count_option("--limit", 1, 1'000, {"at most so many; default 100", "最大件数。省略時は 100"}));
  options.push_back({"--after", OptionKind::Value, {"the next page: what the page before said", "次のページ: 前のページに示された値"}});
  return {.name = "queue list", .help = {"recipients that wait for delivery, deferred ones first", "配送を待つ宛先を表示する(再送待ちが先)"}, .options = std::move(options), .run = run};
}

}  // namespace hikyaku::cli
