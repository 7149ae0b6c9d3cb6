// hikyaku account contain: an account that somebody else uses is closed to sending, with one command.
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/account/damage.h"
#include "apps/cli/account/queue.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/password_prompt.h"
#include "apps/cli/terminal/when_text.h"
#include "apps/cli/value.h"
#include "services/directory/verifier.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::DirectoryResult, directory::Editor;

// 100 bits, without what is taken for something else.
std::string new_password() {
  constexpr std::string_view letters = "abcdefghjkmnpqrstuvwxyz23456789";  // 31
  std::string word;
  while (word.size() < 23) {
    if (word.size() % 6 == 5) word += '-';
    const auto octet = static_cast<unsigned char>(directory::random_octets(1)[0]);
    if (octet < letters.size() * 8) word += letters[octet % letters.size()];
  }
  return word;
}

struct Done {
  std::string password;   // that was made here
  bool suspended_before = false, password_kept = false, forward_cleared = false;
  std::optional<std::uint64_t> deleted;  // queued recipients, if so wished
  std::string unseen;                    // that services have not taken all of it up yet
};

// A change that is made, though a service has not taken it up yet, does not keep the rest from being made.
DirectoryResult<> made(DirectoryResult<> changed, Done& done) {
  if (changed || changed.error().kind != directory::DirectoryFailure::NotSeen) return changed;
  done.unseen = changed.error().what;
  return {};
}

DirectoryResult<> stop_sending(Invocation& call, Editor& editor, const directory::Account& account) {
  const auto suspended = editor.suspend(account.id, calling_user(), call.value("--reason", "contained by an operator"), Editor::Sessions::GoOn, SystemClock{}.wall());
  // `auth` may have been faster.
  if (suspended || suspended.error().kind == directory::DirectoryFailure::AlreadyExists) return {};
  return failure(suspended.error());
}

// Each step can be repeated: who is interrupted gives the command again. Sessions end last: logins that began with the old password count no more then.
DirectoryResult<Done> carry_out(Invocation& call, Editor& editor, const directory::Account& account, bool suspended) {
  Done done{.suspended_before = suspended, .password_kept = call.has("--keep-password")};
  const auto address = account.address.text();
  if (!suspended) TRY_VOID(made(stop_sending(call, editor, account), done));
  if (!done.password_kept) {
    std::string password;
    if (call.has("--password-stdin")) {
      TRY(given, wanted_password(call));
      password = std::move(given);
    } else {
      password = done.password = new_password();
    }
    TRY_VOID(made(editor.set_password(address, password), done));
  }
  TRY_VOID(made(editor.end_sessions(account.id, SystemClock{}.wall()), done));
  if (call.has("--clear-forward"))
    if (const auto cleared = editor.clear_forward(address); cleared) done.forward_cleared = true;
  return done;
}

void tell_plan(Invocation& call, const std::string& address, const directory::Suspension* suspension) {
  call.print(std::string(call.say({"To be done for ", "実行すること: "})) + address);
  if (suspension != nullptr)
    call.print(std::string(call.say({"  sending is suspended already, since ", "  送信は停止済み: "})) + minute_text(suspension->since) + " (" + suspension->by + ": " + evidence_text(call, suspension->why) + ")");
  else call.print(call.say({"  suspend its sending (reading goes on), and hold what it has queued", "  送信を停止し(閲覧は続けられる)、配送待ちのメールを保留する"}));
  call.print(call.say({"  end its sessions, and logins that are remembered", "  セッションと認証済みの状態をすべて終わらせる"}));
  call.print(call.has("--keep-password") ? call.say({"  the password stays", "  パスワードは変えない"}) : call.say({"  set a new password", "  新しいパスワードを設定する"}));
  if (call.has("--clear-forward")) call.print(call.say({"  remove its forward", "  転送設定を消す"}));
  if (call.value("--queued") == "delete") call.print(call.say({"  delete what it has queued; nobody is told", "  配送待ちのメールを削除する(誰にも通知しない)"}));
}

void tell_done(Invocation& call, const std::string& address, const Done& done) {
  call.print(address + ": " + std::string(call.say({"sending is suspended, sessions are ended", "送信を停止し、セッションを終わらせた"})));
  if (!done.password.empty()) call.print(std::string(call.say({"New password: ", "新しいパスワード: "})) + done.password);
  if (done.password_kept) call.print(call.say({"The password was not changed: who knows it can still read the mail.", "パスワードは変えていない。知っている者はメールを読める。"}));
  if (done.deleted) call.print(std::to_string(*done.deleted) + std::string(call.say({" queued recipients were deleted", " 件の配送待ちの宛先を削除した"})));
}

void tell_next(Invocation& call, const std::string& address, const Done& done) {
  call.print(call.say({"Next:", "次に行うこと:"}));
  if (done.password_kept) call.print(std::string(call.say({"  set a new password: hikyaku account password ", "  新しいパスワードを設定する: hikyaku account password "})) + address);
  else call.print(call.say({"  give the new password to the owner, by another way than mail, and have his machines looked at", "  新しいパスワードをメール以外の方法で本人に伝え、使っている機器を調べる"}));
  call.print(std::string(call.say({"  look at what is held: hikyaku queue list --account ", "  保留したメールを確認する: hikyaku queue list --account "})) + address);
  call.print(std::string(call.say({"  let it send again: hikyaku account release ", "  送信を再び許可する: hikyaku account release "})) + address + " --delete-held" + std::string(call.say({" (or --release-held)", "(または --release-held)"})));
}

void write_done(telemetry::JsonWriter& json, const Done& done) {
  json.flag("suspended", true).flag("suspended_before", done.suspended_before).flag("forward_cleared", done.forward_cleared);
  if (!done.password.empty()) json.member("password", done.password);
  if (done.deleted) json.member("deleted", *done.deleted);
}

Exit contain(Invocation& call) {
  const auto now = SystemClock{}.wall();
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto snapshot = access->editor().read();
  if (!snapshot) return call.fail(snapshot.error().what);
  const auto account = wanted_account(**snapshot, call.value("ADDRESS"));
  if (!account) return call.fail(account.error().what);
  const auto* suspension = (*snapshot)->suspension((*account)->id);
  const auto address = (*account)->address.text();
  const auto since = since_of(call, "--since", now).value_or((suspension != nullptr ? suspension->since : now) - std::chrono::days{1});
  std::optional<Done> done;
  if (call.has("--yes")) {
    auto ran = carry_out(call, access->editor(), **account, suspension != nullptr);
    if (!ran) return call.fail(ran.error().what);
    done = *std::move(ran);
    if (!done->unseen.empty()) call.fail(done->unseen);
  }
  const auto damage = read_damage(*call.settings(), address, since, now);
  bool all_done = true;
  if (done && call.value("--queued") == "delete") {
    done->deleted = delete_queued_of(call, address);
    all_done = done->deleted.has_value();
  }
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().flag("dry_run", !done).member("account", address);
    if (done) write_done(json, *done);
    else json.flag("suspended", suspension != nullptr);
    write_damage(json, **snapshot, **account, damage);
    call.print(json.end_object().take());
    return all_done ? Exit::Done : Exit::Failed;
  }
  if (done) tell_done(call, address, *done);
  else tell_plan(call, address, suspension);
  print_damage(call, **snapshot, **account, damage, since);
  if (done) tell_next(call, address, *done);
  else call.print(call.say({"Nothing was changed. Give --yes to do it.", "まだ何も変えていない。実行するには --yes を付ける。"}));
  return all_done ? Exit::Done : Exit::Failed;
}

}  // namespace

Command account_contain_command() {
  return {.name = "account contain",
          .help = {"stop an account that somebody else uses: sending, sessions, password, queue; and show what was done with it", "乗っ取られたアカウントを封じ込める(送信停止、セッション終了、パスワード変更、配送待ちの処置)。使われ方も示す"},
          .options = {{"ADDRESS", OptionKind::Argument, {"its address", "メールアドレス"}},
                      {"--yes", OptionKind::Flag, {"do it; without this only tell", "実行する。なければ示すだけ"}},
                      {"--queued", OptionKind::Value, {"what becomes of its queued mail: hold (usual) or delete", "配送待ちのメールの扱い: hold(保留、既定)または delete(削除)"}, {"hold", "delete"}, true},
                      value_option("--since", Takes::Since, {"since when somebody else sent: 2h, 7d, 2026-11-25, \"2026-11-25 18:00\"; otherwise a day before it was suspended", "いつから使われたか。2h、7d、2026-11-25、\"2026-11-25 18:00\" など。省くと停止の 1 日前から"}),
                      {"--reason", OptionKind::Value, {"why, for the record", "記録に残す理由"}},
                      {"--password-stdin", OptionKind::Flag, {"read the new password from standard input; otherwise one is made and shown", "新しいパスワードを標準入力から読む。省くと作って表示する"}},
                      {"--keep-password", OptionKind::Flag, {"leave the password as it is", "パスワードを変えない"}},
                      {"--clear-forward", OptionKind::Flag, {"remove its forward", "転送設定を消す"}}},
          .run = contain,
          .more = {"Reading goes on with the new password. Who was written to already is listed.", "新しいパスワードでメールの閲覧は続けられる。すでに届いた宛先の一覧を示す。"}};
}

}  // namespace hikyaku::cli
