// hikyaku list import
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/table_import.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/members.h"
#include "services/directory/address_text.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

using directory::Editor;

std::vector<directory::KeyedRow> keyed(const std::vector<std::string>& members) {
  std::vector<directory::KeyedRow> rows;
  for (const auto& member : members) rows.push_back({directory::fold_pattern(member), directory::fold_pattern(member)});
  return rows;
}

directory::DirectoryResult<Exit> replace(Invocation& call, Editor& editor, const std::vector<std::string>& members) {
  const auto name = call.value("LIST");
  TRY(snapshot, editor.read());
  TRY(list, wanted_list(*snapshot, name));
  const auto changes = unordered_changes(keyed(list->members), keyed(members));
  const auto mode = may_replace(call, changes) ? Editor::Run::Really : Editor::Run::Dry;
  TRY_VOID(editor.add_members(name, members, mode));
  TRY_VOID(editor.remove_members(name, changes.removed, mode));
  return report_table(call, changes, {"Who is removed gets no more mail of the list.", "外した人にはリストのメールが届かなくなる。"});
}

directory::DirectoryResult<Exit> work(Invocation& call, Editor& editor, const std::string& text) {
  auto parsed = directory::parse_members(text);
  if (call.has("--replace")) return parsed.bad.empty() ? replace(call, editor, parsed.members) : refuse_table(call, std::move(parsed.bad));
  TRY(changed, editor.add_members(call.value("LIST"), parsed.members, run_of(call)));
  if (!parsed.bad.empty()) return report_import(call, changed.added, std::move(parsed.bad));
  changed.unchanged.clear();
  report_members(call, changed, {"", ""});
  return Exit::Done;
}

Exit run(Invocation& call) { return import_text(call, work); }

std::vector<Option> options() {
  auto all = table_import_options({{"--replace", OptionKind::Flag, {"whom the text does not name is removed, with --yes; nothing is done when a row is bad", "テキストにない人を外す(--yes が要る)。誤った行があれば何もしない"}}});
  all.insert(all.begin(), {"LIST", OptionKind::Argument, {"the list's address", "リストのアドレス"}});
  return all;
}

}  // namespace

Command list_import_command() {
  return {.name = "list import",
          .help = {"add the members of a text: one address a row", "テキストのメンバーを加える(1 行に 1 アドレス)"},
          .options = options(),
          .run = run};
}

}  // namespace hikyaku::cli
