// hikyaku list add
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/list_options.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  directory::MailingList list;
  list.address = call.value("ADDRESS");
  take_list_options(call, list);
  const bool dry = call.has("--dry-run");
  TRY_VOID(editor.add_list(list, dry ? directory::Editor::Run::Dry : directory::Editor::Run::Really));
  report_done(call, dry ? Words{"could be added", "追加できる"} : Words{"added", "追加した"}, list.address);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

std::vector<Option> options() {
  std::vector<Option> all{{"ADDRESS", OptionKind::Argument, {"the list's address", "リストのアドレス"}}};
  for (auto& option : list_options()) all.push_back(std::move(option));
  return all;
}

}  // namespace

Command list_add_command() {
  return {.name = "list add",
          .help = {"make a mailing list", "メーリングリストを作る"},
          .options = options(),
          .run = run,
          .more = {"Members come next: hikyaku list member add, or hikyaku list import.", "次にメンバーを加える: hikyaku list member add または hikyaku list import"}};
}

}  // namespace hikyaku::cli
