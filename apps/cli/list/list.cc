// hikyaku list list
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/options.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  for (const auto& list : directory.contents().lists) {
    write_list(to.json(), list);
    to.row({list.address, std::to_string(list.members.size()) + std::string(to.call().say({" members", " 人"})), std::string(posting_words(to.call(), list.posting)), list.about});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"LIST", "リスト"}, {"MEMBERS", "メンバー"}, {"POSTING", "投稿"}, {"ABOUT", "説明"}},
                        {"There is no mailing list. Make one: hikyaku list add staff@example.jp", "メーリングリストはない。作るには: hikyaku list add staff@example.jp"}, add_rows);
}

}  // namespace

Command list_list_command() {
  return {.name = "list list",
          .help = {"all mailing lists", "全メーリングリストを表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
