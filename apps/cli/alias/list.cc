// hikyaku alias list
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  for (const auto& alias : directory.contents().aliases) {
    const auto lost = directory.lost_targets(alias);
    to.json().object().member("alias", alias.pattern).texts("targets", alias.targets).key("lost").array();
    for (const auto& one : lost) to.json().text(one.target);
    to.json().end_array().end_object();
    to.row({alias.pattern, joined(alias.targets),
            lost.empty() ? "" : std::string(to.call().say({"NO MAIL TO: ", "届かない宛先: "})) + lost_targets_text(to.call(), lost)});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"ALIAS", "別名"}, {"TARGETS", "転送先"}, {"NOTES", "備考"}},
                        {"There is no alias. Add one: hikyaku alias add info@example.jp taro@example.jp", "別名はない。追加するには: hikyaku alias add info@example.jp taro@example.jp"}, add_rows);
}

}  // namespace

Command alias_list_command() {
  return {.name = "alias list",
          .help = {"all aliases, and which of their targets get no mail", "全別名と、メールが届かない転送先を表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
