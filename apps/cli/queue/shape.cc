// hikyaku queue shape
#include "apps/cli/commands.h"
#include "apps/cli/queue/access.h"
#include "apps/cli/terminal/listing.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

using delivery::DestinationSummary;

void write_row(telemetry::JsonWriter& json, const DestinationSummary& one) {
  json.object();
  if (!one.destination.empty()) json.member("destination", one.destination);
  json.member("recipients", one.recipients).key("by_age").array();
  for (const auto count : one.by_age) json.number(count);
  json.end_array().end_object();
}

std::vector<std::string> row(const std::string& name, const DestinationSummary& one) {
  std::vector<std::string> cells = {name, std::to_string(one.recipients)};
  for (const auto count : one.by_age) cells.push_back(count == 0 ? "." : std::to_string(count));
  return cells;
}

Exit run(Invocation& call) {
  const auto request = summary_request_of(call, 50);
  if (!request) return Exit::Failed;
  const auto summary = ask_queue_for<delivery::QueueSummary>(call, *request);
  if (!summary) return Exit::Failed;
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().key("bucket_minutes").array();
    for (const auto minutes : DestinationSummary::bucket_minutes) json.number(minutes);
    json.end_array().key("all");
    write_row(json, summary->all);
    json.key("destinations").array();
    for (const auto& one : summary->destinations) write_row(json, one);
    json.end_array().member("left_out", summary->left_out);
    if (const auto next = summary->next()) json.member("after", text_of(*next));
    call.print(json.end_object().take());
    return Exit::Done;
  }
  std::vector<std::string> ages;
  for (const auto minutes : DestinationSummary::bucket_minutes) ages.push_back("<" + std::to_string(minutes) + "m");
  ages.emplace_back("1280m+");
  std::vector<Words> headings = {{"DESTINATION", "配送先"}, {"ALL", "合計"}};
  for (const auto& age : ages) headings.push_back({age, age});
  auto table = headed_table(call, headings);
  table.add(row(std::string(call.say({"all", "全体"})), summary->all));
  for (const auto& one : summary->destinations) table.add(row(one.destination, one));
  call.print(table.text());
  print_more(call, *summary);
  return Exit::Done;
}

}  // namespace

Command queue_shape_command() {
  return {.name = "queue shape",
          .help = {"how old deferred mail is, for each destination", "再送待ちメールの経過時間を配送先ごとに示す"},
          .options = summary_options(),
          .run = run,
          .more = {"Columns count recipients by the time since acceptance, in minutes. Columns that fill from the right are mail that nobody takes; from the left, mail that just arrived.",
                   "各列は受信からの経過時間(分)ごとの宛先数。右側が多ければ長く届いていないメール、左側が多ければ届いたばかりのメールである。"}};
}

}  // namespace hikyaku::cli
