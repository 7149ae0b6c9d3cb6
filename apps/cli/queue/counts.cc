#include "apps/cli/queue/counts.h"

#include "apps/cli/terminal/listing.h"
#include "services/telemetry/json_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

std::string age(const std::optional<WallTime>& since, WallTime now) { return since ? age_text(now - *since) : "-"; }

}  // namespace

std::string counts_json(const spool::SpoolCounts& counts) {
  telemetry::JsonWriter json;
  json.object().key("incoming").object().member("messages", counts.incoming_messages).member("octets", counts.incoming_octets);
  json.member("unread_octets", counts.incoming_unread_octets);
  if (counts.incoming_oldest) json.member("oldest", telemetry::stamp_text(*counts.incoming_oldest));
  json.end_object().key("holding").object().member("messages", counts.holding_messages).member("octets", counts.holding_octets);
  if (counts.holding_oldest) json.member("oldest", telemetry::stamp_text(*counts.holding_oldest));
  json.end_object().key("domains").object().member("recipients", counts.domains_recipients);
  if (counts.domains_oldest) json.member("oldest", telemetry::stamp_text(*counts.domains_oldest));
  return json.end_object().member("damaged_records", counts.damaged_records).end_object().take();
}

bool is_empty(const spool::SpoolCounts& counts) {
  return counts.incoming_messages == 0 && counts.incoming_unread_octets == 0 && counts.holding_messages == 0 && counts.domains_recipients == 0;
}

void print_counts(Invocation& call, const spool::SpoolCounts& counts, WallTime now) {
  if (call.json) return call.print(counts_json(counts));
  auto table = headed_table(call, {{"QUEUE", "キュー"}, {"MAIL", "通数"}, {"SIZE", "サイズ"}, {"OLDEST", "最古"}});
  const std::string unread = counts.incoming_unread_octets == 0 ? "" : " + " + size_text(counts.incoming_unread_octets) + std::string(call.say({" not read yet", " 未読"}));
  table.add({"incoming", std::to_string(counts.incoming_messages), size_text(counts.incoming_octets) + unread, age(counts.incoming_oldest, now)});
  table.add({"holding", std::to_string(counts.holding_messages), size_text(counts.holding_octets), age(counts.holding_oldest, now)});
  table.add({"domains", std::to_string(counts.domains_recipients), "-", age(counts.domains_oldest, now)});
  call.print(table.text());
  if (counts.damaged_records > 0)
    call.print(std::to_string(counts.damaged_records) + std::string(call.say({" damaged records were passed over; hikyaku log tells where", " 件の壊れた記録を読み飛ばした。hikyaku log を参照"})));
}

}  // namespace hikyaku::cli
