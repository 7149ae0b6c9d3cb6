// hikyaku policy allow, hikyaku policy deny
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/policy/access_options.h"

namespace hikyaku::cli {

namespace {

using directory::AccessAction;

directory::DirectoryResult<> set_rows(Invocation& call, directory::Editor& editor, AccessAction action) {
  const auto base = row_of(call, SystemClock{}.wall());
  if (!base) return directory::refuse(directory::DirectoryFailure::BadValue, "Nothing was changed; give a time to come.");
  std::vector<directory::AccessRow> rows;
  for (const auto& pattern : call.values("PATTERN")) {
    auto row = *base;
    auto normal = directory::normal_access_pattern(row.who, pattern);
    if (!normal) return directory::refuse(directory::DirectoryFailure::BadValue, std::move(normal).error());
    row.pattern = *std::move(normal);
    row.action = action;
    rows.push_back(std::move(row));
  }
  TRY_VOID(editor.set_access(rows));
  for (const auto& row : rows)
    report_done(call, action == AccessAction::Allow ? Words{"allowed", "許可した"} : action == AccessAction::Refuse ? Words{"denied", "拒否に加えた"} : Words{"put off from now on", "保留(4xx)に加えた"}, row.pattern);
  TRY(snapshot, editor.read());
  warn_of_dangers(call, snapshot->contents(), rows);
  if (base->who == directory::AccessWho::Sender && action == AccessAction::Allow && !call.json)
    call.print(call.say({"Note: this counts where SPF proves the sender; a claimed address alone lets nobody in.", "注意: SPF で送信者が証明された場合だけ有効。名乗っただけの差出人は通さない。"}));
  return {};
}

Exit run_allow(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) { return set_rows(asked, editor, AccessAction::Allow); });
}
Exit run_deny(Invocation& call) {
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) { return set_rows(asked, editor, asked.has("--defer") ? AccessAction::Defer : AccessAction::Refuse); });
}

std::vector<Option> options(std::vector<Option> also = {}) {
  std::vector<Option> all{{"PATTERN", OptionKind::Arguments, {"192.0.2.7, 192.0.2.0/24, mail.a.example, .a.example, /expression/; of senders and recipients user@a.example, a.example", "192.0.2.7、192.0.2.0/24、mail.a.example、.a.example、/正規表現/。送信者と宛先は user@a.example、a.example"}}};
  for (auto& one : who_options()) all.push_back(std::move(one));
  for (auto& one : also) all.push_back(std::move(one));
  for (auto& one : row_options()) all.push_back(std::move(one));
  return all;
}

}  // namespace

Command policy_allow_command() {
  return {.name = "policy allow",
          .help = {"let a client past the rules about clients, or a recipient past all", "クライアント(または宛先)に受信規則を適用しない"},
          .options = options(),
          .run = run_allow,
          .more = {"It gives no right to relay. A client's name counts when it leads back to its address.", "中継の許可にはならない。クライアントの名前は、正引きで元のアドレスに戻るものだけ有効。"}};
}

Command policy_deny_command() {
  return {.name = "policy deny",
          .help = {"refuse mail of a client, from a sender, or for a recipient", "クライアント、送信者、宛先を指定してメールを拒否する"},
          .options = options({{"--defer", OptionKind::Flag, {"put off (450) instead of refusing (554)", "拒否(554)せず、保留(450)を返す"}}}),
          .run = run_deny};
}

}  // namespace hikyaku::cli
