// hikyaku route secret
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/password_prompt.h"
#include "apps/service/data_folders.h"
#include "services/directory/login_secrets.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

constexpr Duration store_limit = 30s;

directory::DirectoryResult<> show(const Invocation& call, const directory::LoginSecrets& secrets, Deadline deadline) {
  TRY(users, secrets.users(deadline));
  telemetry::JsonWriter json;
  json.array();
  for (const auto& user : users) {
    json.object().member("login", user).end_object();
    if (!call.json) call.print(user);
  }
  if (call.json) call.print(json.end_array().take());
  return {};
}

directory::DirectoryResult<> work(const Invocation& call, directory::LoginSecrets& secrets) {
  const Deadline deadline = std::chrono::steady_clock::now() + store_limit;
  const auto user = call.value("LOGIN");
  if (user.empty()) return show(call, secrets, deadline);
  if (call.has("--remove")) {
    TRY_VOID(secrets.remove(user, deadline));
    report_done(call, {"removed", "削除した"}, user);
    return {};
  }
  TRY(secret, wanted_password(call));
  TRY_VOID(secrets.set(user, secret, deadline));
  report_done(call, {"the secret is set", "秘密を設定した"}, user);
  return {};
}

Exit run(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  io::PosixDisk disk;
  const auto engine = storage::SqliteEngine::open(disk, apps::folder::in(call.settings()->node.data(), apps::folder::route_logins));
  if (!engine) return call.fail(engine.error().what);
  directory::LoginSecrets secrets(**engine);
  const auto done = work(call, secrets);
  return done ? Exit::Done : call.fail(done.error().what);
}

}  // namespace

Command route_secret_command() {
  return {.name = "route secret",
          .help = {"set the password or access token of a route's login=", "経路の login= に使うパスワードやアクセストークンを設定する"},
          .options = {{"LOGIN", OptionKind::OptionalArgument, {"the name after login=; without it the names known are listed", "login= に書いた名前。省くと登録済みの名前を表示"}},
                      {"--remove", OptionKind::Flag, {"forget it", "削除する"}},
                      {"--password-stdin", OptionKind::Flag, {"read it from the first line of standard input", "標準入力の 1 行目から読む"}}},
          .run = run,
          .more = {"Only the service deliver can read it. Access tokens (auth=xoauth2) expire: set a fresh one from the program that fetches it; it counts within a second.",
                   "読めるのは deliver サービスだけ。アクセストークン(auth=xoauth2)には期限があるので、取得するプログラムから更新する。1 秒以内に反映される。"}};
}

}  // namespace hikyaku::cli
