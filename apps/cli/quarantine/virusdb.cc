// hikyaku virusdb status, update, rollback, history
#include <charconv>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/commands.h"
#include "apps/cli/language/server_sentences.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/terminal/when_text.h"
#include "apps/supervisor/service_table.h"
#include "apps/virusdb/options.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using virusdb::Kind, virusdb::Record, virusdb::Updater;

Words kind_words(Kind kind) {
  switch (kind) {
    case Kind::Updated: return {"updated", "更新"};
    case Kind::Refused: return {"REFUSED", "不合格"};
    case Kind::Failed: return {"FAILED", "失敗"};
    case Kind::RolledBack: return {"rolled back", "巻き戻し"};
  }
  return {};
}

std::string minute(WallTime when) { return when == WallTime{} ? "" : minute_text(when); }

std::string age_text(const Invocation& call, Duration age) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(age).count();
  return hours >= 48 ? std::to_string(hours / 24) + std::string(call.say({" days", " 日"})) : std::to_string(hours) + std::string(call.say({" hours", " 時間"}));
}

void write(telemetry::JsonWriter& json, const Record& record) {
  json.object().member("at", telemetry::stamp_text(record.at)).member("what", virusdb::kind_name(record.kind)).member("generation", record.generation);
  json.member("patterns", record.names).member("why", record.why);
  if (record.built != WallTime{}) json.member("built", telemetry::stamp_text(record.built));
  json.end_object();
}

// The newest record, when it tells of a trouble that lasts.
const Record* trouble_of(const std::vector<Record>& history) {
  if (history.empty()) return nullptr;
  const auto& last = history.back();
  return last.kind == Kind::Refused || last.kind == Kind::Failed ? &last : nullptr;
}

void print_json(const Invocation& call, const Updater::Status& status, const std::string& active, bool configured, bool stale) {
  telemetry::JsonWriter json;
  json.object().flag("configured", configured).member("generation", status.generation).member("patterns", status.patterns.names()).member("folder", active).flag("stale", stale);
  if (status.generation != 0) json.member("built", telemetry::stamp_text(status.patterns.built));
  if (status.checked != WallTime{}) json.member("checked", telemetry::stamp_text(status.checked));
  json.key("generations").array();
  for (const auto generation : status.generations) json.number(generation);
  json.end_array().key("trouble");
  if (const auto* trouble = trouble_of(status.history)) write(json, *trouble);
  else json.object().end_object();
  call.print(json.end_object().take());
}

Exit run_status(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const auto settings = call.settings();
  const auto options = apps::virusdb_options(*settings);
  const auto status = Updater(options).status();
  if (!status) return call.fail(status.error());
  const auto age = SystemClock{}.wall() - status->patterns.built;
  const auto limit = settings->virusdb.stale();
  const auto& service = *apps::find_service("virusdb");
  const bool configured = apps::is_configured(service, *settings);  // else nobody looks for patterns: none is missing
  const bool stale = configured && limit.count() > 0 && (status->generation == 0 || age > limit);
  const auto* trouble = trouble_of(status->history);
  const auto problem = stale || (configured && trouble != nullptr) ? Exit::Problem : Exit::Done;
  if (call.json) return print_json(call, *status, options.folder + "/active", configured, stale), problem;
  if (!configured) call.print(call.language == Language::Japanese ? in_japanese(apps::why_not_configured(service)) : apps::why_not_configured(service));
  if (configured && status->generation == 0) call.print(call.say({"No virus patterns are in force.", "有効なウイルスパターンはない。"}));
  FactSheet sheet(call);
  if (status->generation != 0) {
    sheet.add({"Patterns", "パターン"}, status->patterns.names());
    sheet.add({"Generation", "世代"}, std::to_string(status->generation));
    sheet.add({"Built", "作成日時"}, minute(status->patterns.built) + " (" + age_text(call, age) + std::string(call.say({" ago)", "前)"})));
    sheet.add({"Folder", "フォルダ"}, options.folder + "/active");
  }
  sheet.add({"Last look", "最後の確認"}, minute(status->checked));
  std::string earlier;
  for (const auto generation : status->generations)
    if (generation != status->generation) earlier += (earlier.empty() ? "" : ", ") + std::to_string(generation);
  sheet.add({"Other generations", "他の世代"}, earlier);
  sheet.print();
  if (trouble) call.print(std::string(call.say({"The last update did not come into force: ", "最後の更新は有効にならなかった: "})) + trouble->why);
  if (stale) call.print(call.say({"The patterns are too old ([virusdb] stale).", "パターンが古すぎる([virusdb] stale)。"}));
  return problem;
}

Exit conclude(Invocation& call, const Updater::Outcome& outcome) {
  if (!outcome) return call.fail(outcome.error());
  if (!*outcome) {
    if (call.json) call.print("{\"what\":\"unchanged\"}");
    else call.print(call.say({"There is nothing new.", "新しいパターンはない。"}));
    return Exit::Done;
  }
  const auto& record = **outcome;
  OperatorLog log(call);
  const std::string by = calling_user();
  const bool good = record.kind == Kind::Updated || record.kind == Kind::RolledBack;
  const auto& event = record.kind == Kind::Updated ? telemetry::events::patterns_updated : good ? telemetry::events::patterns_rolled_back : telemetry::events::patterns_refused;
  log.log().write(event, {.by = by, .text = record.names, .reason = record.why});
  if (call.json) {
    telemetry::JsonWriter json;
    write(json, record);
    call.print(json.take());
  } else {
    call.print(std::string(call.say(kind_words(record.kind))) + (record.names.empty() ? "" : ": " + record.names) + (record.why.empty() ? "" : ": " + record.why));
  }
  return good ? Exit::Done : Exit::Problem;
}

Exit run_update(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const auto& service = *apps::find_service("virusdb");
  if (!apps::is_configured(service, *call.settings())) return call.fail(apps::why_not_configured(service));
  return conclude(call, Updater(apps::virusdb_options(*call.settings())).update(SystemClock{}.wall(), call.has("--force") ? virusdb::Force::Yes : virusdb::Force::No));
}

Exit run_rollback(Invocation& call) {
  std::optional<std::uint64_t> to;
  if (const auto text = call.value("GENERATION"); !text.empty()) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return call.fail(Words{"a generation is a number; see: hikyaku virusdb status", "世代は番号で指定する。hikyaku virusdb status で確認する"});
    to = number;
  }
  if (!enter_data_folder(call)) return Exit::Failed;
  return conclude(call, Updater(apps::virusdb_options(*call.settings())).roll_back(SystemClock{}.wall(), to));
}

Exit run_history(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const auto status = Updater(apps::virusdb_options(*call.settings())).status();
  if (!status) return call.fail(status.error());
  Listing listing(call, {{"TIME", "日時"}, {"WHAT", "内容"}, {"GENERATION", "世代"}, {"PATTERNS", "パターン"}, {"WHY", "理由"}}, {"Nothing has happened yet.", "まだ記録はない。"});
  for (const auto& record : status->history) {
    write(listing.json(), record);
    listing.row({minute(record.at), std::string(call.say(kind_words(record.kind))), record.generation == 0 ? "" : std::to_string(record.generation), record.names, record.why});
  }
  listing.print();
  return Exit::Done;
}

}  // namespace

Command virusdb_status_command() {
  return {.name = "virusdb status", .help = {"which virus patterns are in force, and how old they are", "有効なウイルスパターンとその古さ"}, .options = {}, .run = run_status,
          .more = {"Exit status 3: they are too old, or the last update did not come into force.", "古すぎるとき、または最後の更新が有効にならなかったとき、終了コードは 3。"}};
}

Command virusdb_update_command() {
  return {.name = "virusdb update",
          .help = {"look for new patterns now, test them, and put them in force", "新しいパターンを今すぐ取得し、検査して有効にする"},
          .options = {{"--force", OptionKind::Flag, {"take older, smaller or once rejected ones too, if they pass the test scan", "古い、小さい、または一度退けたパターンも、検査に合格すれば使う"}}},
          .run = run_update};
}

Command virusdb_rollback_command() {
  return {.name = "virusdb rollback",
          .help = {"go back to earlier patterns; those left are not taken again by themselves", "以前のパターンに戻す(外したパターンは自動では再び使わない)"},
          .options = {{"GENERATION", OptionKind::OptionalArgument, {"which; else the one before", "世代の番号。省けば一つ前"}}},
          .run = run_rollback};
}

Command virusdb_history_command() {
  return {.name = "virusdb history", .help = {"what happened to the patterns", "パターンの更新履歴"}, .options = {}, .run = run_history};
}

}  // namespace hikyaku::cli
