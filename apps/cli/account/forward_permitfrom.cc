// hikyaku account forward permitfrom
#include "apps/cli/access/directory_import.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto parsed = directory::parse_permitfrom(text);
  TRY(snapshot, editor.read());
  TRY(account, wanted_account(*snapshot, call.value("ADDRESS")));
  const auto* forward = snapshot->forward(account->id);
  if (forward == nullptr) return directory::refuse(directory::DirectoryFailure::NotFound, "The account " + call.value("ADDRESS") + " has no forward; set it first: hikyaku account forward set");
  if (parsed.patterns.empty() && parsed.bad.empty())
    return directory::refuse(directory::DirectoryFailure::BadValue, "The text names no sender, and an empty list would let all mail be forwarded; name at least one.");
  directory::Editor::NewForward wanted{call.value("ADDRESS"), *forward};
  wanted.forward.only_from = parsed.patterns;
  TRY_VOID(editor.set_forward(wanted, parsed.patterns.empty() ? directory::Editor::Run::Dry : run_of(call)));
  return report_import(call, parsed.patterns.size(), std::move(parsed.bad));
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command account_forward_permitfrom_command() {
  auto options = import_options();
  options.insert(options.begin(), Option{"ADDRESS", OptionKind::Argument, {"an account whose mail is forwarded", "転送を設定したアカウント"}});
  return {.name = "account forward permitfrom",
          .help = {"forward only mail of the senders in E-Post's permitfrom.txt: *@domain or an address a line", "E-Post の permitfrom.txt の差出人(1 行に *@domain かアドレス)のメールだけを転送する"},
          .options = std::move(options),
          .run = run};
}

}  // namespace hikyaku::cli
