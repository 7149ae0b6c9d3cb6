#include "apps/cli/queue_items.h"

#include "apps/cli/text_table.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {
bool is_deferred(const delivery::QueueItem& item) { return item.state == delivery::QueueState::Deferred; }
}  // namespace

void write_item(telemetry::JsonWriter& json, const delivery::QueueItem& item, const directory::Hold* hold) {
  json.object().member("message", item.id.text()).member("state", is_deferred(item) ? "deferred" : "incoming");
  json.member("sender", item.sender).member("recipient", item.recipient).member("octets", item.octets);
  json.member("accepted_at", telemetry::stamp_text(item.accepted_at));
  if (is_deferred(item)) {
    json.member("destination", item.destination).member("reply", item.last_reply).member("attempts", std::uint64_t{item.attempts});
    json.member("first_failed", telemetry::stamp_text(item.first_failed)).member("next_try", telemetry::stamp_text(item.next_due));
  }
  if (hold != nullptr) json.member("hold", hold->id).member("hold_reason", hold->reason);
  json.end_object();
}

void print_items(Invocation& call, const delivery::QueueList& list, WallTime now) {
  const HoldsInForce holds(call, now);
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().key("items").array();
    for (const auto& item : list.items) write_item(json, item, holds.of(item));
    return call.print(json.end_array().flag("more", list.more).end_object().take());
  }
  TextTable table;
  table.add({"ID", std::string(call.say({"AGE", "経過"})), std::string(call.say({"SENDER", "送信者"})), std::string(call.say({"RECIPIENT", "宛先"})),
             std::string(call.say({"TRIES", "試行"})), std::string(call.say({"NEXT", "次回"})), std::string(call.say({"LAST REPLY", "直前の応答"}))});
  for (const auto& item : list.items) {
    const auto* hold = holds.of(item);
    table.add({item.id.text(), age_text(now - item.accepted_at), item.sender.empty() ? "<>" : item.sender, item.recipient,
               is_deferred(item) ? std::to_string(item.attempts) : "0",
               hold != nullptr ? std::string(call.say({"held by ", "保留 "})) + std::to_string(hold->id) : !is_deferred(item) ? std::string(call.say({"now", "今"})) : item.next_due <= now ? std::string(call.say({"now", "今"})) : age_text(item.next_due - now),
               item.last_reply});
  }
  call.print(table.text());
  if (list.more) call.print(call.say({"There are more; --limit shows up to 1000.", "続きがある。--limit で 1000 件まで表示できる。"}));
}

}  // namespace hikyaku::cli
