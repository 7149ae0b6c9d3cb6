// hikyaku list import
#include <unordered_set>

#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/list_members.h"
#include "services/directory/address_text.h"
#include "services/directory/import_export.h"

namespace hikyaku::cli {

namespace {

using directory::Editor;

// Members that the text does not name.
directory::DirectoryResult<std::vector<std::string>> others(const Editor& editor, const std::string& name, const std::vector<std::string>& named) {
  TRY(snapshot, editor.read());
  TRY(address, wanted_address(name));
  std::unordered_set<std::string> stay;
  for (const auto& member : named) stay.insert(directory::fold_pattern(member));
  std::vector<std::string> gone;
  if (const auto* list = snapshot->list(address))
    for (const auto& member : list->members)
      if (!stay.contains(directory::fold_pattern(member))) gone.push_back(member);
  return gone;
}

Exit run(Invocation& call) {
  const auto text = read_input(call, call.value("FILE"));
  if (!text) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  auto parsed = directory::parse_members(*text);
  // Half a list is worse than none: who replaces the members wants exactly those of the text.
  if (call.has("--replace") && !parsed.bad.empty()) {
    std::vector<RefusedRow> refused;
    for (auto& bad : parsed.bad) refused.push_back({bad.line, std::move(bad.why)});
    return report_import(call, 0, std::move(refused));
  }
  const auto run = call.has("--dry-run") ? Editor::Run::Dry : Editor::Run::Really;
  auto& editor = access->editor();
  auto changed = editor.add_members(call.value("LIST"), parsed.members, run);
  if (!changed) return call.fail(changed.error().what);
  if (call.has("--replace")) {
    const auto gone = others(editor, call.value("LIST"), parsed.members);
    if (!gone) return call.fail(gone.error().what);
    const auto removed = editor.remove_members(call.value("LIST"), *gone, run);
    if (!removed) return call.fail(removed.error().what);
    changed->removed = removed->removed;
  }
  changed->unchanged.clear();
  if (!parsed.bad.empty()) {
    std::vector<RefusedRow> refused;
    for (auto& bad : parsed.bad) refused.push_back({bad.line, std::move(bad.why)});
    return report_import(call, changed->added, std::move(refused));
  }
  report_members(call, *changed, {"", ""});
  return Exit::Done;
}

}  // namespace

Command list_import_command() {
  return {.name = "list import",
          .help = {"add the members of a text: one address a row", "テキストのメンバーを加える(1 行に 1 アドレス)"},
          .options = {{"LIST", OptionKind::Argument, {"the list's address", "リストのアドレス"}},
                      {"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}},
                      {"--replace", OptionKind::Flag, {"whom the text does not name is removed; nothing is done when a row is bad", "テキストにない人を外す。誤った行があれば何もしない"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be done", "何をするかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
