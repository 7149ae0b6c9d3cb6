#include "apps/cli/account/damage.h"

#include <algorithm>
#include <set>

#include "apps/cli/access/directory_text.h"
#include "apps/cli/log/files.h"
#include "apps/cli/why/log.h"
#include "apps/service/data_folders.h"
#include "base/cursor.h"
#include "services/abuse/countries.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

constexpr std::size_t most_messages = 10'000, most_shown = 200, most_changes = 100;

bool is_event(const LogLine& line, std::string_view name) { return line.text.find("\"event\":\"" + std::string(name) + "\"") != std::string_view::npos; }

void take(AccountDamage& damage, std::vector<TraceId>& ids, const LogLine& line, const std::string& address) {
  const bool accepted = is_event(line, "mail.accepted");
  if (!accepted && !is_event(line, "directory.changed")) return;
  const auto event = JsonView::parse(line.text);
  if (!event) return;
  if (!accepted) {
    const auto command = event->text("text");
    if (ascii_lower(command).find(ascii_lower(address)) != std::string::npos && damage.changes.size() < most_changes) damage.changes.push_back({std::string(line.time), event->text("by"), command});
    return;
  }
  if (!equal_ignoring_case(event->text("account"), address)) return;
  ++damage.messages;
  ++damage.clients[event->text("client")].messages;
  const auto id = TraceId::parse(event->text("message"));
  if (id && ids.size() < most_messages) ids.push_back(*id);
  else ++damage.not_looked_at;
}

std::string minute(std::string_view stamp) {
  std::string text(stamp.substr(0, 16));
  if (text.size() > 10) text[10] = ' ';
  return text;
}

}  // namespace

AccountDamage read_damage(const settings::Settings& settings, const std::string& address, WallTime since, WallTime now) {
  AccountDamage damage;
  std::vector<TraceId> ids;
  const auto folder = apps::folder::in(settings.node.data(), apps::folder::log);
  LogSelection selection{.folder = folder, .logs = {"inlog", "servicelog"}};
  select_times(selection, since, now);
  for_each_line(selection, [&](const LogLine& line) { return take(damage, ids, line, address), true; });
  std::set<std::string> reached;
  for (const auto& [id, message] : read_logged_messages(folder, ids)) {
    for (const auto& [name, recipient] : message.recipients) {
      if (recipient.delivered()) reached.insert(name);
      else if (recipient.given_up()) ++(recipient.by.empty() ? damage.failed : damage.taken_out);
      else ++damage.waiting;
    }
  }
  damage.reached.assign(reached.begin(), reached.end());
  if (const auto countries = abuse::Countries::open(apps::folder::in(settings.node.data(), apps::folder::countries)))
    for (auto& [client, one] : damage.clients) one.country = (*countries)->of(client);
  return damage;
}

void write_damage(telemetry::JsonWriter& json, const directory::Snapshot& directory, const directory::Account& account, const AccountDamage& damage) {
  json.member("messages", damage.messages).member("recipients_waiting", damage.waiting).member("recipients_failed", damage.failed).member("recipients_taken_out", damage.taken_out).key("reached").array();
  for (const auto& one : damage.reached) json.text(one);
  json.end_array().key("clients").array();
  for (const auto& [client, one] : damage.clients) {
    json.object().member("client", client).member("messages", one.messages);
    if (!one.country.empty()) json.member("country", one.country);
    json.end_object();
  }
  json.end_array().key("forward").array();
  if (const auto* forward = directory.forward(account.id))
    for (const auto& target : forward->targets) json.text(target);
  json.end_array().key("changes").array();
  for (const auto& change : damage.changes) json.object().member("at", change.at).member("by", change.by).member("command", change.command).end_object();
  json.end_array();
}

void print_damage(Invocation& call, const directory::Snapshot& directory, const directory::Account& account, const AccountDamage& damage, WallTime since) {
  call.print(std::string(call.say({"Since ", ""})) + minute(telemetry::stamp_text(since)) + std::string(call.say({": ", " 以降: "})) + std::to_string(damage.messages) + std::string(call.say({" messages sent; ", " 通送信、"})) +
             std::to_string(damage.reached.size()) + std::string(call.say({" recipients reached, ", " 件の宛先に到達、"})) + std::to_string(damage.waiting) + std::string(call.say({" still wait, ", " 件が配送待ち、"})) +
             std::to_string(damage.failed) + std::string(call.say({" failed", " 件が失敗"})) +
             (damage.taken_out == 0 ? "" : std::string(call.say({", ", "、"})) + std::to_string(damage.taken_out) + std::string(call.say({" were taken out of the queue by operators", " 件は管理者がキューから取り除いた"}))));
  for (const auto& [client, one] : damage.clients)
    call.print("  " + std::string(call.say({"from ", "送信元 "})) + client + (one.country.empty() ? "" : " (" + one.country + ")") + ": " + std::to_string(one.messages));
  if (const auto* forward = directory.forward(account.id)) call.print(std::string(call.say({"Forwarded to: ", "転送先: "})) + joined(forward->targets));
  for (const auto& change : damage.changes) call.print(std::string(call.say({"Changed ", "変更 "})) + minute(change.at) + " " + change.by + ": " + change.command);
  if (damage.reached.empty()) return;
  call.print(call.say({"Recipients reached:", "到達した宛先:"}));
  for (std::size_t i = 0; i < damage.reached.size() && i < most_shown; ++i) call.print("  " + damage.reached[i]);
  if (damage.reached.size() > most_shown) call.print("  ... " + std::to_string(damage.reached.size() - most_shown) + std::string(call.say({" more: --json lists all", " 件は --json で表示"})));
}

}  // namespace hikyaku::cli
