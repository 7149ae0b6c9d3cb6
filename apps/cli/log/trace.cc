// hikyaku trace ID: one mail's whole life, from every service's log, and where it waits now.
#include <map>
#include <set>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/log/files.h"
#include "apps/cli/log/forms.h"
#include "apps/cli/log/life_order.h"
#include "apps/cli/queue/items.h"
#include "apps/cli/why/log.h"
#include "apps/service/data_folders.h"

namespace hikyaku::cli {

namespace {

constexpr std::size_t most_followed = 10;  // mails that this one became

// The last word of each recipient that was given up, by address.
void note_end(std::map<std::string, std::string>& given_up, const JsonView& line) {
  const auto event = line.text("event"), recipient = line.text("recipient");
  if (event == "mail.failed") given_up[recipient] = line.text("reply").empty() ? line.text("reason") : line.text("reply");
  if (event == "mail.sent" || event == "mail.delivered") given_up.erase(recipient);
}

struct Summary {
  std::string parent;
  std::size_t left_out = 0;
  const std::map<std::string, std::string>& given_up;
};

void print_summary(const Invocation& call, const Summary& summary) {
  constexpr std::size_t most_shown = 100;
  if (summary.left_out > 0)
    call.print(std::string(call.say({"and ", "ほか "})) + std::to_string(summary.left_out) + std::string(call.say({" more mails that it became: hikyaku log --log inlog names them", " 通の新しいメールになった(hikyaku log --log inlog に記録)"})));
  if (!summary.parent.empty())
    call.print(std::string(call.say({"It came of ", "元のメール: "})) + summary.parent + std::string(call.say({": hikyaku trace ", "(hikyaku trace "})) + summary.parent + std::string(call.say({"", ")"})));
  std::size_t shown = 0;
  for (const auto& [recipient, why] : summary.given_up)
    if (shown++ < most_shown) call.print(recipient + ": " + std::string(call.say({"given up", "配送断念"})) + (why.empty() ? "" : ": " + why));
}

// What the log has of these mails, in the order of their lives.
std::vector<LifeLine> lines_of(const std::string& folder, const std::set<std::string, std::less<>>& wanted, std::size_t id_length) {
  std::vector<LifeLine> lines;
  for_each_line({.folder = folder}, [&](const LogLine& line) {
    constexpr std::string_view key = "\"message\":\"";
    const auto at = line.text.find(key);
    if (at == std::string_view::npos || !wanted.contains(line.text.substr(at + key.size(), id_length))) return true;
    if (const auto parsed = JsonView::parse(line.text))
      lines.push_back({parsed->text("event"), parsed->text("message"), parsed->text("parent"), std::string(line.text)});
    return true;
  });
  return in_life_order(std::move(lines));
}

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const auto filter = filter_of(call);
  if (!filter) return Exit::Failed;
  const auto folder = apps::folder::in(settings->node.data(), apps::folder::log);
  if (!may_look_into(call, folder)) return Exit::Failed;
  const std::string id = filter->id->text();
  const auto followed = descendants_of(folder, *filter->id, most_followed);
  std::set<std::string, std::less<>> wanted{id};
  for (const auto& one : followed.ids) wanted.insert(one.text());
  for (const auto& one : followed.telling) wanted.insert(one.id.text());
  const auto lines = lines_of(folder, wanted, id.size());
  telemetry::JsonWriter json;
  std::string events, parent;
  std::map<std::string, std::string> given_up;
  for (const auto& line : lines) {
    if (line.message == id && parent.empty()) parent = line.parent;
    const auto parsed = JsonView::parse(line.text);
    if (parsed) note_end(given_up, *parsed);
    if (call.json) events += (events.empty() ? "" : ",") + line.text;
    else if (parsed) call.print(human_form(*parsed, call.language));
  }
  const auto waiting = [&]() -> std::optional<delivery::QueueList> {
    const auto queue = QueueAccess::open(call);
    return queue ? list_items(call, *queue, {*filter, {}, 1'000}) : std::nullopt;
  }();
  if (call.json) {
    json.array();
    if (waiting)
      for (const auto& item : waiting->items) write_item(json, item);
    telemetry::JsonWriter family;
    family.array();
    for (const auto& one : followed.ids) family.text(one.text());
    telemetry::JsonWriter telling;
    telling.array();
    for (const auto& one : followed.telling) telling.object().member("message", one.id.text()).member("kind", one.kind).member("parent", one.of.text()).end_object();
    call.print("{\"message\":\"" + id + "\"," + (parent.empty() ? "" : "\"parent\":\"" + parent + "\",") + "\"became\":" + family.end_array().take() + ",\"told_by\":" + telling.end_array().take() + ",\"more\":" +
               std::to_string(followed.left_out) + ",\"events\":[" + events + "],\"waiting\":" + json.end_array().take() + "}");
  } else {
    print_summary(call, {parent, followed.left_out, given_up});
    if (waiting)
      for (const auto& item : waiting->items)
        call.print(item.recipient + ": " + std::string(call.say(item.state == delivery::QueueState::Deferred ? Words{"deferred, waits in domains", "再送待ち(domains)"} : Words{"waits in incoming", "incoming で待機中"})) +
                   (item.last_reply.empty() ? "" : ": " + item.last_reply));
  }
  if (lines.empty() && !waiting) return Exit::Failed;  // why the queue cannot be asked was printed
  if (lines.empty() && waiting->items.empty())
    return call.fail(Words{"nothing is known of this message here: no log line, not in the queue. Remedy: find it by sender, recipient or subject: hikyaku log --about TEXT; older days: hikyaku log days",
                           "このメールの記録はない(ログにもキューにもない)。差出人や宛先から探す: hikyaku log --about 文字列。残っている日: hikyaku log days"});
  return Exit::Done;
}

}  // namespace

Command trace_command() {
  return {.name = "trace",
          .help = {"one mail's whole life across all services", "1 通のメールの経過を全サービスにわたって示す"},
          .options = {{.name = "ID", .kind = OptionKind::Argument, .help = {"its trace id", "追跡 ID"}, .takes = Takes::TraceId}},
          .run = run};
}

}  // namespace hikyaku::cli
