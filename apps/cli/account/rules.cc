// hikyaku account rules: what one account, or all, may send and get.
#include <algorithm>

#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/table_import.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/value.h"

namespace hikyaku::cli {

namespace {

using directory::AccountRules;
using directory::DirectoryResult;

const Option account_argument{"ADDRESS", OptionKind::Argument, {"the account, or * for all accounts", "アカウント。* なら全アカウント"}};

// What there is now; nothing said: empty rules.
DirectoryResult<AccountRules> rules_now(const directory::Snapshot& snapshot, const Invocation& call) {
  AccountId id;
  if (call.value("ADDRESS") != "*") {
    TRY(account, wanted_account(snapshot, call.value("ADDRESS")));
    id = account->id;
  }
  const auto* rules = snapshot.account_rules(id);
  return rules == nullptr ? AccountRules{} : *rules;
}

std::string rows_text(const std::vector<directory::RuleRow>& rows) {
  std::string text;
  for (const auto& row : rows) text += (text.empty() ? "" : ", ") + std::string(row.may == directory::MayPass::Yes ? "allow " : "refuse ") + row.who;
  return text;
}

void write_rows(telemetry::JsonWriter& json, std::string_view name, const std::vector<directory::RuleRow>& rows) {
  json.key(name).array();
  for (const auto& row : rows) json.object().member("who", row.who).flag("allow", row.may == directory::MayPass::Yes).end_object();
  json.end_array();
}

void show(Invocation& call, const AccountRules& rules) {
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().member("account", call.value("ADDRESS")).member("hours_in", rules.hours_in).member("hours_out", rules.hours_out).member("size_in", rules.most_octets_in).member("size_out", rules.most_octets_out)
        .member("recipients", std::uint64_t{rules.most_recipients});
    write_rows(json, "from", rules.from);
    write_rows(json, "to", rules.to);
    return call.print(json.end_object().take());
  }
  if (rules.says_nothing()) return call.print(call.say({"There are no rules of its own.", "固有の制限はない。"}));
  const auto size = [](std::uint64_t octets) { return octets == 0 ? std::string{} : settings::size_text({octets}); };
  FactSheet sheet(call);
  sheet.add({"takes mail at", "受信できる時間"}, rules.hours_in);
  sheet.add({"takes mail from", "受信元の制限"}, rows_text(rules.from));
  sheet.add({"takes mail up to", "受信サイズの上限"}, size(rules.most_octets_in));
  sheet.add({"sends at", "送信できる時間"}, rules.hours_out);
  sheet.add({"sends to", "送信先の制限"}, rows_text(rules.to));
  sheet.add({"sends mail up to", "送信サイズの上限"}, size(rules.most_octets_out));
  sheet.add({"recipients of a mail", "1 通の宛先数"}, rules.most_recipients == 0 ? "" : std::to_string(rules.most_recipients));
  sheet.print();
}

Exit run_show(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> DirectoryResult<> {
    TRY(snapshot, editor.read());
    TRY(rules, rules_now(*snapshot, asked));
    show(asked, rules);
    return {};
  });
}

// An option that is given replaces what was; "" takes it away.
void change(const Invocation& call, AccountRules& rules) {
  if (call.has("--hours-in")) rules.hours_in = call.value("--hours-in");
  if (call.has("--hours-out")) rules.hours_out = call.value("--hours-out");
  rules.most_octets_in = octets_of(call, "--size-in").value_or(rules.most_octets_in);
  rules.most_octets_out = octets_of(call, "--size-out").value_or(rules.most_octets_out);
  rules.most_recipients = static_cast<std::uint32_t>(count_of(call, "--recipients", rules.most_recipients));
}

directory::Editor::Run run_mode(const Invocation& call) { return call.has("--dry-run") ? directory::Editor::Run::Dry : directory::Editor::Run::Really; }

Exit run_set(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> DirectoryResult<> {
    TRY(snapshot, editor.read());
    TRY(rules, rules_now(*snapshot, asked));
    change(asked, rules);
    TRY_VOID(editor.set_account_rules(asked.value("ADDRESS"), rules, run_mode(asked)));
    report_done(asked, asked.has("--dry-run") ? Words{"could be changed", "変更できる"} : Words{"changed", "変更した"}, asked.value("ADDRESS"));
    return {};
  });
}

Exit run_clear(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> DirectoryResult<> {
    TRY_VOID(editor.set_account_rules(asked.value("ADDRESS"), AccountRules{}, run_mode(asked)));
    report_done(asked, {"has no rules of its own any more", "固有の制限をなくした"}, asked.value("ADDRESS"));
    return {};
  });
}

std::vector<directory::KeyedRow> keyed(const std::vector<directory::RuleRow>& rows) {
  std::vector<directory::KeyedRow> keyed;
  for (const auto& row : rows) keyed.push_back({row.who, rows_text({row})});
  return keyed;
}

// A table with a faulty row is not taken in part: a row that is missing may open what it was to close.
DirectoryResult<Exit> work_import(Invocation& call, directory::Editor& editor, const std::string& text) {
  const bool incoming = call.value("--table") == "effect.dat";
  auto parsed = incoming ? directory::parse_personal_effect(text) : directory::parse_sender_dat(text);
  TRY(snapshot, editor.read());
  TRY(rules, rules_now(*snapshot, call));
  if (!parsed.bad.empty()) return refuse_table(call, std::move(parsed.bad));
  auto& rows = incoming ? rules.from : rules.to;
  const auto changes = directory::row_changes(keyed(rows), keyed(parsed.rows));
  rows = std::move(parsed.rows);
  TRY_VOID(editor.set_account_rules(call.value("ADDRESS"), rules, may_replace(call, changes) ? directory::Editor::Run::Really : directory::Editor::Run::Dry));
  return report_table(call, changes, {"A row that is removed allows or forbids nothing any more.", "削除した行による許可や禁止はなくなる。"});
}

Exit run_import(Invocation& call) { return import_text(call, work_import); }

const Option dry_run_option{"--dry-run", OptionKind::Flag, {"only tell what would be done", "何をするかだけを示す"}};

}  // namespace

Command account_rules_show_command() {
  return {.name = "account rules show", .help = {"what an account may send and get", "アカウントの送受信の制限を表示する"}, .options = {account_argument}, .run = run_show};
}

Command account_rules_set_command() {
  return {.name = "account rules set",
          .help = {"change what an account may send and get; what is not named stays", "アカウントの送受信の制限を変更する。指定しないものはそのまま"},
          .options = {account_argument,
                      {"--hours-in", OptionKind::Value, {"mail for it is taken then, and put off at other times; \"\" is always", "この時間だけ受信し、ほかの時間は待たせる。\"\" なら常時"}},
                      {"--hours-out", OptionKind::Value, {"it may send then: \"Mon-Fri 08:00-18:00, Sat 09:00-12:00\"; \"\" is always", "この時間だけ送信できる。\"Mon-Fri 08:00-18:00, Sat 09:00-12:00\" など。\"\" なら常時"}},
                      value_option("--size-in", Takes::SizeOrNone, {"largest mail it gets: 10MiB; 0 is as for all", "受信できる 1 通の大きさ。10MiB など。0 なら全体の上限"}),
                      value_option("--size-out", Takes::SizeOrNone, {"largest mail it may send; 0 is as for all", "送信できる 1 通の大きさ。0 なら全体の上限"}),
                      count_option("--recipients", 0, 100'000, {"most recipients of one mail that it sends; 0 is as for all", "送信する 1 通の宛先数の上限。0 なら全体の上限"}),
                      dry_run_option},
          .run = run_set};
}

Command account_rules_import_command() {
  auto options = table_import_options({{"--table", OptionKind::Value, {"effect.dat: whom it takes mail from; sender.dat: whom it may send to", "effect.dat は受信元、sender.dat は送信先の表"}, {"effect.dat", "sender.dat"}, true}});
  options.insert(options.begin(), account_argument);
  return {.name = "account rules import",
          .help = {"take an account's own effect.dat or sender.dat of E-Post; it replaces the former rows", "E-Post の個人の effect.dat、sender.dat を取り込む。以前の行と置き換える"},
          .options = std::move(options),
          .run = run_import,
          .more = {"The table of sender.dat for all: hikyaku account rules import \"*\" sender.dat --table sender.dat", "全員に適用する sender.dat: hikyaku account rules import \"*\" sender.dat --table sender.dat"}};
}

Command account_rules_clear_command() {
  return {.name = "account rules clear", .help = {"take an account's rules away", "アカウントの制限をなくす"}, .options = {account_argument, dry_run_option}, .run = run_clear};
}

}  // namespace hikyaku::cli
