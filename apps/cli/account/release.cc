// hikyaku account release: an account that was suspended may send again. What waits of it goes out or is deleted, by choice: it may be a stranger's.
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/account/queue.h"
#include "apps/cli/commands.h"
#include "services/telemetry/abuse_events.h"

namespace hikyaku::cli {

namespace {

using directory::DirectoryResult, directory::Editor;

Exit let_go(Invocation& call) {
  return with_directory(call, [](Invocation& asked, Editor& editor) -> DirectoryResult<> {
    TRY(snapshot, editor.read());
    TRY(account, wanted_account(*snapshot, asked.value("ADDRESS")));
    const auto address = account->address.text();
    TRY(released, editor.release_account(account->id, SystemClock{}.wall()));
    {
      OperatorLog log(asked);
      const std::string by = calling_user();
      log.log().write(telemetry::events::account_released, {.account = address, .by = by, .reason = released.why});
    }
    report_done(asked, {"may send again", "送信を再び許可した"}, address);
    const bool contained = released.sessions_end != WallTime{} && released.sessions_end >= released.since;
    if (!asked.json && !contained)
      asked.print(asked.say({"What it sent is taken for the owner's: as much, from there, is usual from now on. If it was not: hikyaku account contain.", "送信は本人によるものとして扱い、同じ量と場所からの送信は今後ふだんどおりとみなす。本人でなければ hikyaku account contain を実行する。"}));
    return {};
  });
}

// Whose, when it is suspended. Nothing: the reason was printed.
std::optional<std::string> suspended_account(Invocation& call) {
  const auto access = DirectoryAccess::open(call);
  if (!access) return std::nullopt;
  const auto snapshot = access->editor().read();
  if (!snapshot) return call.fail(snapshot.error().what), std::nullopt;
  const auto account = wanted_account(**snapshot, call.value("ADDRESS"));
  if (!account) return call.fail(account.error().what), std::nullopt;
  const auto address = (*account)->address.text();
  if ((*snapshot)->suspension((*account)->id) == nullptr) return call.fail(address + " is not suspended; nothing was changed."), std::nullopt;
  return address;
}

Exit ask_what_becomes_of(Invocation& call, std::uint64_t held) {
  if (call.json) {
    telemetry::JsonWriter json;
    call.print(json.object().flag("dry_run", true).member("held", held).end_object().take());
  }
  return call.fail(Words{"Nothing was changed: " + std::to_string(held) + " recipients of its mail are held. Give --release-held to let them go out, or --delete-held to delete them (nobody is told).",
                         "何も変えていない。保留中の宛先が " + std::to_string(held) + " 件ある。配送するなら --release-held、削除するなら(誰にも通知しない)--delete-held を付ける。"});
}

Exit release(Invocation& call) {
  const bool delete_held = call.has("--delete-held"), release_held = call.has("--release-held");
  if (delete_held && release_held) return call.fail(Words{"--delete-held and --release-held exclude each other.", "--delete-held と --release-held は同時に指定できない。"});
  const auto address = suspended_account(call);
  if (!address) return Exit::Failed;
  if (!delete_held && !release_held) {
    const auto held = queued_of(call, *address, Sample::Shown);
    if (!held) return Exit::Failed;
    if (*held > 0) return ask_what_becomes_of(call, *held);
  }
  if (delete_held) {
    const auto deleted = delete_queued_of(call, *address);
    if (!deleted) return Exit::Failed;
    if (!call.json) call.print(std::to_string(*deleted) + std::string(call.say({" queued recipients were deleted", " 件の配送待ちの宛先を削除した"})));
  }
  return let_go(call);
}

}  // namespace

Command account_release_command() {
  return {.name = "account release",
          .help = {"let a suspended account send again", "送信を停止したアカウントの送信を再び許可する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}},
                      {"--release-held", OptionKind::Flag, {"what is held of its mail goes out", "保留したメールを配送する"}},
                      {"--delete-held", OptionKind::Flag, {"what is held of its mail is deleted; nobody is told", "保留したメールを削除する(誰にも通知しない)"}}},
          .run = release,
          .more = {"While mail is held, one of the two is to be chosen; without them it is shown.", "保留中のメールがあるときは、どちらかを選ぶ。なければ保留中のメールを示す。"}};
}

}  // namespace hikyaku::cli
