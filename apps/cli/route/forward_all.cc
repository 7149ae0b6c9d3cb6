// hikyaku route forward-all
#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

bool has_way(const directory::Contents& contents) {
  return contents.gateway || std::ranges::any_of(contents.routes, [](const auto& route) { return route.pattern == "*"; });
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const bool on = call.value("STATE") == "on";
  TRY_VOID(editor.set_forward_all(on ? directory::ForwardAll::Yes : directory::ForwardAll::No));
  TRY(snapshot, editor.read());
  if (on && !has_way(snapshot->contents()) && !call.json)
    call.print(call.say({"There is neither a global gateway nor a row for *: mail for domains without a row goes by hosts and DNS. See: hikyaku route gateway",
                         "SMTP ゲートウェイも * の行もないため、行のないドメイン宛は hosts と DNS に従う。hikyaku route gateway を参照。"}));
  report_done(call, on ? Words{"all received mail is forwarded; accounts here are passed over", "全受信メールを転送する(内部アカウントは参照しない)"}
                       : Words{"accounts here get their mail", "内部アカウントに配送する"}, "forward-all");
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_forward_all_command() {
  return {.name = "route forward-all",
          .help = {"forward all received mail to the gateway, or not", "全受信メールを SMTP ゲートウェイへ転送するかどうか"},
          .options = {{"STATE", OptionKind::Argument, {"on or off", "on または off"}, {"on", "off"}, true}},
          .run = run,
          .more = {"While it is on, RCPT demands no local account, and mail for local domains goes by the route table and the global gateway. Aliases count all the same.",
                   "オンの間は RCPT で内部アカウントの有無を調べず、内部ドメイン宛も経路表と SMTP ゲートウェイに従う。エイリアスは常に参照される。"}};
}

}  // namespace hikyaku::cli
