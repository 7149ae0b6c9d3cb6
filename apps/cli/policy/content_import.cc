// hikyaku policy content import
#include <algorithm>

#include "apps/cli/access/table_import.h"
#include "apps/cli/language/server_sentences.h"
#include "apps/cli/policy/content.h"
#include "apps/cli/policy/content_access.h"
#include "services/directory/access.h"
#include "services/filters/mail_dat.h"
#include "services/filters/pass_filter.h"
#include "services/policy/dns_list.h"

namespace hikyaku::cli {

namespace {

using directory::ContentRow;
using directory::DirectoryResult;
using filters::ImportedBlock;

// What `policy content export` wrote.
DirectoryResult<Exit> import_rows(Invocation& call, ContentStore& store, std::string_view text) {
  std::vector<ContentRow> rows;
  std::vector<directory::BadRow> bad;
  for (std::size_t line = 1; !text.empty(); ++line) {
    auto words = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), words.size() + 1));
    if (words.ends_with('\r')) words.remove_suffix(1);
    if (words.empty() || words.starts_with('#')) continue;
    auto row = directory::parse_content_row(words);
    if (row) rows.push_back(*std::move(row));
    else bad.push_back({line, "This is no row of hikyaku policy content export; export the rows again, or name E-Post's table with --table."});
  }
  TRY(changed, store.editor.set(rows, run_of_content(call)));
  if (!call.has("--dry-run") && changed.added + changed.replaced > 0) tell_content(call);
  return report_import(call, changed.added + changed.replaced, std::move(bad), changed.unchanged);
}

// As a row is read and compared: when it was added means nothing.
std::vector<directory::KeyedRow> keyed(const Invocation& call, const std::vector<ContentRow>& rows) {
  std::vector<directory::KeyedRow> all;
  for (const auto& row : rows) {
    auto text = row.name + " (" + std::string(directory::content_action_name(row.action)) + ", " + std::string(directory::content_mode_name(row.mode)) + "): " + conditions_text(call, row);
    if (!row.recipient.empty()) text += " -> " + row.recipient;
    all.push_back({row.name, std::move(text)});
  }
  return all;
}

// What the table changes, and what was changed of it: nothing where rows would go and --yes is missing.
struct Taken {
  directory::RowChanges changes;
  std::size_t rows = 0, there_already = 0;
  [[nodiscard]] bool waits(const Invocation& call) const { return !call.has("--dry-run") && !may_replace(call, changes); }
};

void show_json(const Invocation& call, const filters::ParsedMailDat& parsed, const Taken& taken) {
  telemetry::JsonWriter json;
  json.object().flag("dry_run", call.has("--dry-run")).member("taken", taken.waits(call) ? 0 : taken.rows).member("there_already", taken.there_already);
  write_changes(json, call, taken.changes);
  json.key("blocks").array();
  for (const auto& block : parsed.blocks) {
    json.object().member("line", block.line).member("block", block.name).key("row").object();
    write_content_row(json, block.row);
    json.end_object().key("remarks").array();
    for (const auto& remark : block.remarks) json.text(remark);
    json.end_array().end_object();
  }
  json.end_array().key("lists").array();
  for (const auto& list : parsed.lists) {
    json.object().member("line", list.line).member("block", list.name).member("zone", list.zone).member("action", directory::content_action_name(list.action)).key("remarks").array();
    for (const auto& remark : list.remarks) json.text(remark);
    json.end_array().end_object();
  }
  json.end_array().key("refused").array();
  for (const auto& row : parsed.bad) json.object().member("line", row.line).member("why", row.why).end_object();
  call.print(json.end_array().end_object().take());
}

void show_block(const Invocation& call, const ImportedBlock& block) {
  const auto& row = block.row;
  call.print(std::string(call.say({"line ", "行 "})) + std::to_string(block.line) + ": " + row.name + " (" + std::string(directory::content_action_name(row.action)) + ", " + std::string(directory::content_mode_name(row.mode)) +
             "): " + conditions_text(call, row));
  for (const auto& remark : block.remarks) call.print("    " + (call.language == Language::Japanese ? in_japanese(remark) : remark));
}

void show_list(const Invocation& call, const filters::ImportedList& list) {
  call.print(std::string(call.say({"line ", "行 "})) + std::to_string(list.line) + ": " + list.zone + " (" + std::string(directory::content_action_name(list.action)) + "): [policy] uri_lists");
  for (const auto& remark : list.remarks) call.print("    " + (call.language == Language::Japanese ? in_japanese(remark) : remark));
}

// The settings are the operator's: what they lack is told.
void compare_with_settings(Invocation& call, filters::ParsedMailDat& parsed) {
  const auto settings = call.settings();
  if (!settings) return;
  auto& bad = parsed.bad;
  for (const auto& [line, name, zone, action, remarks] : parsed.lists) {
    const auto is_it = [&zone](const std::string& text) {
      const auto list = policy::parse_dns_list(text);
      return list && list->zone == zone;
    };
    const std::string wanted = action == directory::ContentAction::Tag ? "tag" : "refuse";
    if (std::ranges::none_of(settings->policy.uri_lists(), is_it))
      bad.push_back({line, "The list " + zone + " is asked by settings, and not yet; write uri_lists = [\"" + zone + "\"] and uri_list = \"" + wanted + "\" under [policy], then: hikyaku config reload"});
    else if (settings->policy.uri_list() != wanted)
      bad.push_back({line, "The list " + zone + " is asked, but uri_list under [policy] is not \"" + wanted + "\" as the table wants; change it, then: hikyaku config reload"});
  }
}

Exit report(const Invocation& call, filters::ParsedMailDat& parsed, const Taken& taken) {
  std::ranges::sort(parsed.bad, {}, &directory::BadRow::line);
  if (call.json) {
    show_json(call, parsed, taken);
    return parsed.bad.empty() && !taken.waits(call) ? Exit::Done : Exit::Problem;
  }
  for (const auto& block : parsed.blocks) show_block(call, block);
  for (const auto& list : parsed.lists) show_list(call, list);
  const auto shadowed = std::ranges::count(parsed.blocks, directory::ContentMode::Shadow, [](const ImportedBlock& block) { return block.row.mode; });
  if (shadowed > 0)
    call.print(std::to_string(shadowed) + std::string(call.say({" rows in shadow: they only log (rule.found). When the log shows what you meant: hikyaku policy content set NAME --mode enforce",
                                                                 " 行は shadow(記録のみ、rule.found)。記録が意図どおりなら: hikyaku policy content set 名前 --mode enforce"})));
  const auto told = tell_removed(call, taken.changes, {"A row of an earlier import that is removed is looked for no more.", "以前取り込んだ行のうち、削除したものは調べなくなる。"});
  if (taken.waits(call) && parsed.bad.empty()) return told;
  return report_import(call, taken.waits(call) ? 0 : taken.rows, std::move(parsed.bad), taken.there_already);
}

struct EpostTable {
  std::string prefix;  // of its rows' names
  filters::ParsedMailDat parsed;
};

DirectoryResult<EpostTable> read_table(const Invocation& call, std::string_view text) {
  const auto now = std::chrono::floor<std::chrono::seconds>(SystemClock{}.wall());
  const auto given = call.value("--recipient");
  if (call.value("--table") == "passfilter.dat") {
    if (!given.empty()) return directory::refuse(directory::DirectoryFailure::BadValue, "passfilter.dat is for everybody; leave --recipient out.");
    return EpostTable{std::string(filters::pass_filter_prefix), filters::parse_pass_filter(text, now)};
  }
  std::string recipient;
  if (!given.empty()) {
    auto normal = directory::normal_access_pattern(directory::AccessWho::Recipient, given);
    if (!normal) return directory::refuse(directory::DirectoryFailure::BadValue, std::move(normal).error());
    recipient = *std::move(normal);
  }
  auto prefix = filters::mail_dat_prefix(call.value("--table"), recipient);
  auto parsed = filters::parse_mail_dat(text, {prefix, recipient, now});
  return EpostTable{std::move(prefix), std::move(parsed)};
}

// A table takes the place of what was imported of it before; the names of rows follow their places in it.
DirectoryResult<Exit> import_epost_table(Invocation& call, ContentStore& store, std::string_view text) {
  TRY(table, read_table(call, text));
  auto& parsed = table.parsed;
  std::vector<ContentRow> rows;
  for (auto& block : parsed.blocks) {
    if (call.has("--shadow")) block.row.mode = directory::ContentMode::Shadow;
    rows.push_back(block.row);
  }
  TRY(there, rows_now(store));
  std::vector<ContentRow> former;
  std::vector<std::string> gone;
  for (const auto& row : there.rows) {
    if (!filters::is_mail_dat_row(row.name, table.prefix)) continue;
    former.push_back(row);
    if (std::ranges::find(rows, row.name, &ContentRow::name) == rows.end()) gone.push_back(row.name);
  }
  Taken taken{unordered_changes(keyed(call, former), keyed(call, rows))};
  const bool really = may_replace(call, taken.changes);
  const auto mode = really ? directory::ContentEditor::Run::Really : directory::ContentEditor::Run::Dry;
  TRY(changed, store.editor.set(rows, mode));
  TRY_VOID(store.editor.remove(gone, mode));
  if (really && changed.added + changed.replaced + gone.size() > 0) tell_content(call);
  taken.rows = changed.added + changed.replaced, taken.there_already = changed.unchanged;
  compare_with_settings(call, parsed);
  return report(call, parsed, taken);
}

DirectoryResult<Exit> work(Invocation& call, ContentStore& store) {
  if (call.has("--table")) {
    const auto octets = read_file_argument(call);  // whose charsets are a matter of their own (services/filters)
    return octets ? import_epost_table(call, store, *octets) : Exit::Failed;
  }
  if (call.has("--recipient") || call.has("--shadow")) return directory::refuse(directory::DirectoryFailure::BadValue, "--recipient and --shadow are for E-Post's tables; name the table with --table.");
  const auto text = read_table_argument(call);
  return text ? import_rows(call, store, *text) : text.error();
}

}  // namespace

Command policy_content_import_command() {
  return {.name = "policy content import",
          .help = {"take rows that `policy content export` wrote, or E-Post's mail.dat, virus.dat and passfilter.dat", "policy content export で書き出した行、または E-Post の mail.dat・virus.dat・passfilter.dat を取り込む"},
          .options = table_import_options({{"--table", OptionKind::Value, {"the file is this table of E-Post's; it takes the place of what was imported of it before (rows go with --yes alone)", "ファイルは E-Post のこの表。以前取り込んだ分と置き換える(行の削除には --yes が要る)"}, {"mail.dat", "virus.dat", "passfilter.dat"}, true},
                                     {"--recipient", OptionKind::Value, {"the table is this recipient's own, user@domain", "この宛先(user@domain)の個別の表"}},
                                     {"--shadow", OptionKind::Flag, {"all rows of the table only log", "表の行をすべて記録のみ(shadow)にする"}}}),
          .run = [](Invocation& call) { return with_content(call, work); },
          .more = {"Look first with --dry-run: it tells what each block becomes. What E-Post's documents do not tell comes in shadow or not at all.",
                   "まず --dry-run で、各ブロックがどう取り込まれるかを確かめる。E-Post の公開文書で意味の分からないものは shadow で取り込むか、取り込まない。"}};
}

}  // namespace hikyaku::cli
