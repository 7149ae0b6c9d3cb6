// hikyaku policy import, hikyaku policy export
#include <algorithm>

#include "apps/cli/access_options.h"
#include "apps/cli/commands.h"
#include "apps/cli/directory_import.h"
#include "services/directory/access_import.h"

namespace hikyaku::cli {

namespace {

using directory::AccessRow;

// A list that is imported again takes its former rows along that it has no more.
directory::DirectoryResult<std::size_t> remove_former(const Invocation& call, directory::Editor& editor, const std::vector<AccessRow>& rows) {
  if (!call.has("--replace")) return 0UZ;
  std::vector<std::pair<directory::AccessWho, std::string_view>> kept;
  for (const auto& row : rows) kept.emplace_back(row.who, row.pattern);
  std::ranges::sort(kept);
  const auto source = call.value("--source", "operator");
  return editor.remove_access([&](const AccessRow& row) { return row.source == source && !std::ranges::binary_search(kept, std::pair(row.who, std::string_view(row.pattern))); }, run_of(call));
}

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto base = row_of(call, SystemClock{}.wall());
  if (!base) return Exit::Failed;
  if (const auto action = directory::parse_access(call.value("--action", "allow"))) base->action = *action;
  auto parsed = directory::parse_access_list(text, *base, call.has("--below") ? directory::Names::AndBelow : directory::Names::Themselves);
  TRY(changed, editor.set_access(parsed.rows, run_of(call)));
  TRY(gone, remove_former(call, editor, parsed.rows));
  if (!call.json && (changed.replaced > 0 || gone > 0))
    call.print(std::string(call.say({"changed rows: ", "変更した行: "})) + std::to_string(changed.replaced) + std::string(call.say({", rows that the list has no more: ", "、リストからなくなった行: "})) + std::to_string(gone));
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
  between.push_back({"--replace", OptionKind::Flag, {"rows of this source that the text has no more go", "この出所の行のうち、ファイルにないものは削除する"}});
  return {.name = "policy import",
          .help = {"take a published list: one name, network or expression a line, Postfix's access and regexp tables, effect.dat", "公開リストを取り込む。1 行 1 件、Postfix の access・regexp 表、effect.dat"},
          .options = import_options(std::move(between)),
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
