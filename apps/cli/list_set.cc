// hikyaku list set
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/list_options.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const bool dry = call.has("--dry-run");
  TRY_VOID(editor.change_list(call.value("ADDRESS"), [&](directory::MailingList& list) { take_list_options(call, list); },
                              dry ? directory::Editor::Run::Dry : directory::Editor::Run::Really));
  report_done(call, dry ? Words{"could be changed", "変更できる"} : Words{"changed", "変更した"}, call.value("ADDRESS"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

std::vector<Option> options() {
  std::vector<Option> all{{"ADDRESS", OptionKind::Argument, {"the list's address", "リストのアドレス"}}};
  for (auto& option : list_options()) all.push_back(std::move(option));
  return all;
}

}  // namespace

Command list_set_command() {
  return {.name = "list set",
          .help = {"change a mailing list; what is not given stays", "メーリングリストの設定を変える。指定しない項目はそのまま"},
          .options = options(),
          .run = run};
}

}  // namespace hikyaku::cli
