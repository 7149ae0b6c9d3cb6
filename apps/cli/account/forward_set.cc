// hikyaku account forward set
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "services/delivery/onward/forward_walk.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

using directory::Editor;

// Accounts here that the forward leads back to: seen now, so that nobody wonders later.
void warn_of_circle(Invocation& call, const directory::Snapshot& snapshot) {
  const auto address = directory::parse_address(call.value("ADDRESS"));
  const auto* account = address ? snapshot.account(*address) : nullptr;
  if (account == nullptr || call.json) return;
  for (const auto& back : delivery::follow_forwards(snapshot, {account->id, account->address, {}}, {}).led_back)
    call.print(std::string(call.say({"Note: forwards lead back to ", "注意: 転送が元に戻る宛先がある: "})) + back.text() +
               std::string(call.say({"; each account is visited once.", "。各アカウントは一度しかたどらない。"})));
}

directory::DirectoryResult<> work(Invocation& call, Editor& editor) {
  Editor::NewForward wanted{call.value("ADDRESS"), {}};
  wanted.forward.targets = call.values("TARGET");
  wanted.forward.only_from = call.values("--from");
  wanted.forward.keep = call.value("--keep", "yes") == "yes" ? directory::KeepCopy::Yes : directory::KeepCopy::No;
  const bool dry = call.has("--dry-run");
  TRY_VOID(editor.set_forward(wanted, dry ? Editor::Run::Dry : Editor::Run::Really));
  report_done(call, dry ? Words{"would be forwarded", "転送できる"} : Words{"is forwarded from now on", "今後転送する"}, wanted.account);
  TRY(snapshot, editor.read());
  warn_of_lost_targets(call, snapshot->lost_targets(wanted.forward.targets));
  if (dry) return {};
  warn_of_circle(call, *snapshot);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command account_forward_set_command() {
  return {.name = "account forward set",
          .help = {"send an account's mail on to others", "アカウントに届いたメールを転送する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"the account", "アカウント"}},
                      {"TARGET", OptionKind::Arguments, {"where to, here or elsewhere; they replace the former ones", "転送先(内部でも外部でもよい)。以前の転送先に置き換わる"}},
                      {"--keep", OptionKind::Value, {"keep a copy in the mailbox; otherwise yes", "メールボックスにコピーを残す。省くと残す"}, {"yes", "no"}, true},
                      {"--from", OptionKind::Value, {"only mail of this sender: user@domain, *@domain, *@*.domain, <>; other mail stays in the mailbox", "この差出人のメールだけ転送する: user@domain、*@domain、*@*.domain、<>。ほかはメールボックスに残す"}, {}, false, true},
                      {"--dry-run", OptionKind::Flag, {"only tell whether it could be", "設定できるかどうかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
