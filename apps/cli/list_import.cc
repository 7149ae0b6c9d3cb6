// hikyaku list import
#include <unordered_set>

#include "apps/cli/commands.h"
#include "apps/cli/directory_import.h"
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

directory::DirectoryResult<Exit> work(Invocation& call, Editor& editor, const std::string& text) {
  auto parsed = directory::parse_members(text);
  const auto list = call.value("LIST");
  // Half a list is worse than none: who replaces the members wants exactly those of the text.
  if (call.has("--replace") && !parsed.bad.empty()) return report_import(call, 0, std::move(parsed.bad));
  TRY(changed, editor.add_members(list, parsed.members, run_of(call)));
  if (call.has("--replace")) {
    TRY(gone, others(editor, list, parsed.members));
    TRY(removed, editor.remove_members(list, gone, run_of(call)));
    changed.removed = removed.removed;
  }
  if (!parsed.bad.empty()) return report_import(call, changed.added, std::move(parsed.bad));
  changed.unchanged.clear();
  report_members(call, changed, {"", ""});
  return Exit::Done;
}

Exit run(Invocation& call) { return import_text(call, work); }

std::vector<Option> options() {
  auto all = import_options({{"--replace", OptionKind::Flag, {"whom the text does not name is removed; nothing is done when a row is bad", "テキストにない人を外す。誤った行があれば何もしない"}}});
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
