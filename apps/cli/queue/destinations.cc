// hikyaku queue destinations
#include "apps/cli/commands.h"
#include "apps/cli/queue/access.h"
#include "apps/cli/terminal/listing.h"
#include "services/delivery/schedule/destination.h"
#include "services/delivery/schedule/failure_class.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using delivery::DestinationSummary;

std::optional<delivery::Health> health_of(const DestinationSummary& one) {
  if (!one.health || *one.health > static_cast<std::uint8_t>(delivery::Health::Held)) return std::nullopt;
  return static_cast<delivery::Health>(*one.health);
}
std::string_view state_name(const DestinationSummary& one) {
  const auto health = health_of(one);
  return health ? delivery::health_name(*health) : "waiting";
}

void write_destination(telemetry::JsonWriter& json, const DestinationSummary& one) {
  json.object().member("destination", one.destination).member("state", state_name(one));
  json.member("class", delivery::class_name(delivery::failure_class_of(one.failure_class))).member("reply", one.last_reply);
  json.member("attempts", std::uint64_t{one.attempts}).member("recipients", one.recipients).member("messages", one.messages).member("octets", one.octets);
  if (one.oldest_accepted) json.member("oldest", telemetry::stamp_text(*one.oldest_accepted));
  if (one.first_failed != WallTime{}) json.member("first_failed", telemetry::stamp_text(one.first_failed));
  if (one.last_tried != WallTime{}) json.member("last_try", telemetry::stamp_text(one.last_tried));
  json.member("next_try", telemetry::stamp_text(one.probed_again.value_or(one.next_due)));
  if (one.gives_up) json.member("gives_up", telemetry::stamp_text(*one.gives_up));
  json.end_object();
}

void print_destination(Invocation& call, const QueueAccess& queue, TextTable& table, const DestinationSummary& one, WallTime now) {
  const bool japanese = call.language == Language::Japanese;
  const auto health = health_of(one);
  const auto next = one.probed_again.value_or(one.next_due);
  const auto ago = [&](WallTime when) { return when == WallTime{} ? std::string("-") : age_text(now - when); };
  table.add({one.destination, std::string(health ? delivery::health_words(*health, japanese) : call.say({"waiting", "待機"})),
             std::string(delivery::class_words(delivery::failure_class_of(one.failure_class), japanese)), std::to_string(one.attempts), ago(one.last_tried),
             next_text(call, queue, next, now),
             !one.gives_up ? std::string("-") : *one.gives_up <= now ? std::string(call.say({"now", "今"})) : age_text(*one.gives_up - now),
             std::to_string(one.messages), size_text(one.octets), one.last_reply});
}

Exit run(Invocation& call) {
  const auto request = summary_request_of(call, 200);
  if (!request) return Exit::Failed;
  const auto queue = QueueAccess::open(call);
  if (!queue) return Exit::Failed;
  const auto summary = queue->ask_for<delivery::QueueSummary>(*request);
  if (!summary) return Exit::Failed;
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().flag("deliver_runs", queue->deliver_runs()).key("destinations").array();
    for (const auto& one : summary->destinations) write_destination(json, one);
    json.end_array().member("left_out", summary->left_out);
    if (const auto next = summary->next()) json.member("after", text_of(*next));
    call.print(json.end_object().take());
    return Exit::Done;
  }
  const SystemClock clock;
  auto table = headed_table(call, {{"DESTINATION", "配送先"}, {"STATE", "状態"}, {"CLASS", "種類"}, {"TRIES", "試行"}, {"LAST", "前回"}, {"NEXT", "次回"},
                                   {"GIVES UP", "打切り"}, {"MAIL", "通数"}, {"SIZE", "サイズ"}, {"LAST REPLY", "直前の応答"}});
  for (const auto& one : summary->destinations) print_destination(call, *queue, table, one, clock.wall());
  call.print(table.text());
  print_more(call, *summary);
  tell_if_stopped(call, *queue);
  return Exit::Done;
}

}  // namespace

Command queue_destinations_command() {
  return {.name = "queue destinations",
          .help = {"where deferred mail waits to go: class and words of the last failure, attempts, last and next try, when it is given up",
                   "再送待ちメールの配送先: 直前の失敗の種類と応答、試行回数、前回と次回、打切り時刻、通数とサイズ"},
          .options = summary_options(),
          .run = run,
          .more = {"Choose by reply code with --code 451 or --code 4.7.1, by class with --class greylisted.",
                   "応答コードでは --code 451 や --code 4.7.1、種類では --class greylisted のように絞り込む。"}};
}

}  // namespace hikyaku::cli
