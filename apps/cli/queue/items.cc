#include "apps/cli/queue/items.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "apps/cli/language/server_sentences.h"
#include "apps/cli/terminal/listing.h"
#include "services/delivery/schedule/failure_class.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {
bool is_deferred(const delivery::QueueItem& item) { return item.state == delivery::QueueState::Deferred; }

// Before the reply: what the sender asked of the time.
std::string times_text(Invocation& call, const delivery::QueueItem& item, WallTime now) {
  std::string out;
  if (item.priority != 0) out += std::string(call.say({"priority ", "優先度 "})) + std::to_string(item.priority) + "; ";
  if (item.deliver_by) {
    out += call.say(item.deliver_by->mode == ByMode::Return ? Words{"to be delivered or returned ", "配送か返送の期限 "} : Words{"to be delivered ", "配送の期限 "});
    out += item.deliver_by->deadline > now ? std::string(call.say({"in ", "あと "})) + age_text(item.deliver_by->deadline - now)
                                           : std::string(call.say({"(late)", "(超過)"}));
    out += "; ";
  }
  return out;
}
}  // namespace

std::string shown_reply(const Invocation& call, const std::string& reply) {
  const bool ours = call.language == Language::Japanese && reply.starts_with("Held by hold ");
  return ours ? in_japanese(reply) : reply;
}

void write_item(telemetry::JsonWriter& json, const delivery::QueueItem& item, const directory::Hold* hold) {
  json.object().member("message", item.id.text()).member("state", is_deferred(item) ? "deferred" : "incoming");
  json.member("sender", item.sender).member("recipient", item.recipient).member("octets", item.octets);
  json.member("accepted_at", telemetry::stamp_text(item.accepted_at));
  if (!item.sent_by.empty()) json.member("account", item.sent_by);
  if (item.priority != 0) json.member("priority", std::to_string(item.priority));
  if (item.release_at) json.member("release_at", telemetry::stamp_text(*item.release_at));
  if (item.deliver_by) {
    json.member("deliver_by", telemetry::stamp_text(item.deliver_by->deadline));
    json.member("deliver_by_mode", item.deliver_by->mode == ByMode::Return ? "return" : "notify");
  }
  if (is_deferred(item)) {
    json.member("destination", item.destination).member("reply", item.last_reply).member("attempts", std::uint64_t{item.attempts});
    if (item.first_failed != WallTime{}) json.member("first_failed", telemetry::stamp_text(item.first_failed));
    json.member("next_try", telemetry::stamp_text(item.next_due));
    json.member("class", delivery::class_name(delivery::failure_class_of(item.failure_class)));
    if (item.last_tried != WallTime{}) json.member("last_try", telemetry::stamp_text(item.last_tried));
    if (!item.via.empty()) json.member("via", item.via);
  }
  if (hold != nullptr) json.member("hold", hold->id).member("hold_reason", hold->reason);
  json.end_object();
}

void print_table(Invocation& call, const QueueAccess& queue, const delivery::QueueList& list, WallTime now, Heading heading) {
  TextTable table;
  if (heading == Heading::Shown)
    table = headed_table(call, {{"ID", "追跡 ID"}, {"AGE", "経過"}, {"SENDER", "送信者"}, {"RECIPIENT", "宛先"}, {"TRIES", "試行"}, {"NEXT", "次回"}, {"LAST REPLY", "直前の応答"}});
  for (const auto& item : list.items) {
    const auto* hold = list.hold_of(item);
    table.add({item.id.text(), age_text(now - item.accepted_at), item.sender.empty() ? "<>" : item.sender, item.recipient,
               is_deferred(item) ? std::to_string(item.attempts) : "0",
               hold != nullptr ? std::string(call.say({"held by ", "保留 "})) + std::to_string(hold->id) : next_text(call, queue, is_deferred(item) ? item.next_due : now, now),
               times_text(call, item, now) + shown_reply(call, item.last_reply)});
  }
  call.print(table.text());
}

void print_json(Invocation& call, const QueueAccess& queue, const delivery::QueueList& list) {
  telemetry::JsonWriter json;
  json.object().flag("deliver_runs", queue.deliver_runs()).key("items").array();
  for (const auto& item : list.items) write_item(json, item, list.hold_of(item));
  json.end_array().flag("more", list.next.has_value());
  if (list.next) json.member("after", text_of(*list.next));
  call.print(json.end_object().take());
}

void print_more(Invocation& call, const delivery::QueueList& list) {
  if (list.next) call.print(std::string(call.say({"There are more: --after ", "続きがある: --after "})) + text_of(*list.next));
}

std::optional<delivery::QueueList> list_items(Invocation& call, QueueAccess& queue, delivery::QueueListRequest request,
                                              const std::function<void(const delivery::QueueList&)>& found) {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  delivery::QueueList all;
  for (bool told = false;;) {
    auto part = queue.ask_for<delivery::QueueList>(request);
    if (told) std::fputs("\r\x1b[K", stderr);
    if (!part) return std::nullopt;
    if (found && (!part->items.empty() || !part->next)) found(*part);
    std::ranges::move(part->items, std::back_inserter(all.items));
    for (auto& hold : part->holds)
      if (std::ranges::find(all.holds, hold.id, &directory::Hold::id) == all.holds.end()) all.holds.push_back(std::move(hold));
    all.next = part->next;
    if (!all.next || part->items.size() >= request.limit) return all;
    request.after = *all.next;
    request.limit -= static_cast<std::uint32_t>(part->items.size());
    told = terminal;
    std::fflush(stdout);
    if (told) std::fputs(std::string(call.say({"The search goes on ...", "検索を続けている ..."})).c_str(), stderr);
  }
}

}  // namespace hikyaku::cli
