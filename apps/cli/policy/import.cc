// hikyaku policy import, hikyaku policy export
#include <unordered_set>

#include "apps/cli/access/table_import.h"
#include "apps/cli/commands.h"
#include "apps/cli/policy/access_options.h"
#include "services/directory/access_import.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::AccessRow;

// As it is read and compared: when it was added means nothing.
directory::KeyedRow keyed(const AccessRow& row) {
  const auto key = std::string(directory::who_name(row.who)) + ' ' + row.pattern;
  auto text = key + ' ' + std::string(directory::access_name(row.action));
  if (row.expires != WallTime::max()) text += " until " + telemetry::stamp_text(row.expires);
  if (!row.note.empty()) text += " (" + row.note + ")";
  return {key + ' ' + row.source, std::move(text)};
}

// Of the source, and those of others that the text has rows for.
std::vector<directory::KeyedRow> former_rows(const directory::Snapshot& snapshot, const std::string& source, const std::vector<directory::KeyedRow>& wanted) {
  std::unordered_set<std::string_view> named;
  for (const auto& row : wanted) named.insert(row.key);
  std::vector<directory::KeyedRow> rows;
  for (const auto& row : snapshot.contents().access)
    if (auto one = keyed(row); row.source == source || named.contains(one.key)) rows.push_back(std::move(one));
  return rows;
}

// A list that is imported again takes its former rows along that it has no more.
directory::DirectoryResult<Exit> replace(Invocation& call, directory::Editor& editor, const std::vector<AccessRow>& rows) {
  const auto source = call.value("--source", "operator");
  std::vector<directory::KeyedRow> wanted;
  for (const auto& row : rows) wanted.push_back(keyed(row));
  TRY(snapshot, editor.read());
  const auto changes = unordered_changes(former_rows(*snapshot, source, wanted), wanted);
  const auto mode = may_replace(call, changes) ? directory::Editor::Run::Really : directory::Editor::Run::Dry;
  std::unordered_set<std::string_view> kept;
  for (const auto& row : wanted) kept.insert(row.key);
  TRY_VOID(editor.set_access(rows, mode));
  TRY_VOID(editor.remove_access([&](const AccessRow& row) { return row.source == source && !kept.contains(keyed(row).key); }, mode));
  return report_table(call, changes, {"A row that is removed allows or keeps out nobody any more.", "削除した行による許可や拒否はなくなる。"});
}

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto base = row_of(call, SystemClock{}.wall());
  if (!base) return Exit::Failed;
  if (const auto action = directory::parse_access(call.value("--action", "allow"))) base->action = *action;
  auto parsed = directory::parse_access_list(text, *base, call.has("--below") ? directory::Names::AndBelow : directory::Names::Themselves);
  if (call.has("--replace")) return parsed.bad.empty() ? replace(call, editor, parsed.rows) : refuse_table(call, std::move(parsed.bad));
  TRY(changed, editor.set_access(parsed.rows, run_of(call)));
  if (!call.json && changed.replaced > 0) call.print(std::string(call.say({"changed rows: ", "変更した行: "})) + std::to_string(changed.replaced));
  return report_import(call, changed.added + changed.replaced, std::move(parsed.bad), changed.unchanged);
}

Exit run_import(Invocation& call) { return import_text(call, work); }

Exit run_export(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> directory::DirectoryResult<> {
    TRY(snapshot, editor.read());
    asked.print(directory::access_heading);
    for (const auto& row : snapshot->contents().access)
      if (!asked.has("--source") || row.source == asked.value("--source")) asked.print(directory::print_access_row(row));
    return {};
  });
}

}  // namespace

Command policy_import_command() {
  auto between = who_options();
  between.push_back({"--action", OptionKind::Value, {"of rows that name none: allow (usual), defer, refuse", "動作の書かれていない行の動作: allow(既定)、defer、refuse"}, {"allow", "defer", "refuse"}, true});
  between.push_back({"--below", OptionKind::Flag, {"a name means all names below it too, as in Postfix's access tables", "名前にはその下の名前も含める(Postfix の access 表と同じ)"}});
  for (auto& one : row_options()) between.push_back(std::move(one));
  between.push_back({"--replace", OptionKind::Flag, {"rows of this source that the text has no more go, with --yes; nothing is done when a row is bad", "この出所の行のうち、ファイルにないものは削除する(--yes が要る)。誤った行があれば何もしない"}});
  return {.name = "policy import",
          .help = {"take a published list: one name, network or expression a line, Postfix's access and regexp tables, effect.dat", "公開リストを取り込む。1 行 1 件、Postfix の access・regexp 表、effect.dat"},
          .options = table_import_options(std::move(between)),
          .run = run_import,
          .more = {"Look first with --dry-run; name the list with --source, and `hikyaku policy remove --source NAME` takes it back.", "まず --dry-run で確かめる。--source で名前を付けておけば hikyaku policy remove --source NAME でまとめて取り消せる。"}};
}

Command policy_export_command() {
  return {.name = "policy export",
          .help = {"the rows as text, for `policy import`", "行をテキストで書き出す(policy import で読める)"},
          .options = {{"--source", OptionKind::Value, {"only rows of this source", "この出所の行だけ"}}},
          .run = run_export,
          .own_form = true,
          .json_by = "policy list"};
}

}  // namespace hikyaku::cli
