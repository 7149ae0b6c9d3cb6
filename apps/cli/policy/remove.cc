// hikyaku policy remove
#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/policy/access_options.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  std::vector<std::string> patterns;
  for (const auto& given : call.values("PATTERN")) {
    auto normal = directory::normal_access_pattern(who_of(call), given);
    if (!normal) return directory::refuse(directory::DirectoryFailure::BadValue, std::move(normal).error());
    patterns.push_back(*std::move(normal));
  }
  const auto source = call.value("--source");
  if (patterns.empty() == source.empty()) return directory::refuse(directory::DirectoryFailure::BadValue, "Give patterns, or --source for all rows of one source.");
  const auto selects = [&](const directory::AccessRow& row) {
    return source.empty() ? row.who == who_of(call) && std::ranges::find(patterns, row.pattern) != patterns.end() : row.source == source;
  };
  TRY(removed, editor.remove_access(selects, run_of(call)));
  if (removed == 0) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no such row; see: hikyaku policy list");
  report_done(call, call.has("--dry-run") ? Words{"rows would go", "行を削除することになる"} : Words{"rows removed", "行を削除した"}, std::to_string(removed));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command policy_remove_command() {
  std::vector<Option> options{{"PATTERN", OptionKind::OptionalArgument, {"as it is listed", "一覧に出る形"}, {}, false, true}};
  for (auto& one : who_options()) options.push_back(std::move(one));
  options.push_back({"--source", OptionKind::Value, {"all rows of this source", "この出所の行すべて"}});
  options.push_back({"--dry-run", OptionKind::Flag, {"only tell how many would go", "件数だけを示す"}});
  return {.name = "policy remove", .help = {"take back a row, or all of one source", "行を取り消す(出所を指定してまとめてもよい)"}, .options = std::move(options), .run = run};
}

}  // namespace hikyaku::cli
