// hikyaku policy list
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"
#include "apps/cli/policy/access_options.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

std::string time_text(WallTime at) { return at == WallTime::max() ? "" : telemetry::stamp_text(at); }

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  const auto source = to.call().value("--source"), containing = to.call().value("WORD");
  for (const auto& row : directory.contents().access) {
    if ((!source.empty() && row.source != source) || row.pattern.find(containing) == std::string::npos) continue;
    if ((to.call().has("--sender") || to.call().has("--recipient")) && row.who != who_of(to.call())) continue;
    to.json().object().member("who", directory::who_name(row.who)).member("pattern", row.pattern).member("action", directory::access_name(row.action)).member("source", row.source)
        .member("added", time_text(row.added)).member("expires", time_text(row.expires)).member("note", row.note).end_object();
    to.row({std::string(directory::who_name(row.who)), row.pattern, std::string(directory::access_name(row.action)), row.source, time_text(row.added), time_text(row.expires), row.note});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"WHO", "対象"}, {"PATTERN", "パターン"}, {"ACTION", "動作"}, {"SOURCE", "出所"}, {"ADDED", "追加"}, {"EXPIRES", "期限"}, {"NOTE", "備考"}},
                        {"There is no row. Add one: hikyaku policy allow mail.example.jp", "行はない。追加するには: hikyaku policy allow mail.example.jp"}, add_rows);
}

}  // namespace

Command policy_list_command() {
  std::vector<Option> options{{"WORD", OptionKind::OptionalArgument, {"only rows whose pattern contains it", "パターンにこの語を含む行だけ"}}};
  for (auto& one : who_options()) options.push_back(std::move(one));
  options.push_back({"--source", OptionKind::Value, {"only rows of this source", "この出所の行だけ"}});
  return {.name = "policy list", .help = {"whom the operator lets in or keeps out", "許可と拒否の行を表示する"}, .options = std::move(options), .run = run};
}

}  // namespace hikyaku::cli
