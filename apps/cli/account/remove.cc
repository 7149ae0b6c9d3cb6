// hikyaku account remove
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/password_prompt.h"
#include "apps/service/data_folders.h"
#include "services/mailboxes/mailboxes.h"

namespace hikyaku::cli {

namespace {

// What is to be removed, before anybody is asked whether it shall.
directory::DirectoryResult<std::string> named(const Invocation& call, const directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(account, wanted_account(*snapshot, call.value("ADDRESS")));
  return account->address.text();
}

Exit run(Invocation& call) {
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto address = named(call, access->editor());
  if (!address) return call.fail(address.error().what);
  if (call.has("--dry-run")) {
    report_done(call, {"would be removed with its mail", "メールとともに削除される"}, *address);
    return Exit::Done;
  }
  if (!call.has("--yes") && !confirmed(call, call.value("ADDRESS"))) return call.fail(Words{"nothing was removed. Remedy: without a terminal nobody can be asked; --yes removes it with all its mail.",
                                                                                                       "何も削除していない。端末がないときは --yes を付けると、メールごと削除する。"});
  const auto removed = access->editor().remove_account(call.value("ADDRESS"));
  if (!removed) return call.fail(removed.error().what);
  // The directory has forgotten it, so nothing new arrives; now its mail.
  io::PosixDisk disk;
  auto engine = storage::SqliteEngine::open(disk, apps::folder::in(call.settings()->node.data(), apps::folder::accounts));
  if (!engine) return call.fail(engine.error().what);
  const SystemClock clock;
  mailboxes::Mailboxes mailboxes(**engine, clock);
  if (const auto erased = mailboxes.remove_account(removed->id, clock.now() + 5min); !erased) return call.fail("its mail could not be erased: " + erased.error().what);
  report_done(call, {"removed with its mail", "メールとともに削除した"}, removed->address.text());
  return Exit::Done;
}

}  // namespace

Command account_remove_command() {
  return {.name = "account remove",
          .help = {"remove an account with all its mail", "アカウントとそのメールをすべて削除する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}},
                      {"--yes", OptionKind::Flag, {"do not ask", "確認しない"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be removed", "何が削除されるかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
