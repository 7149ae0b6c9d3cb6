// hikyaku route gateway
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "services/directory/routes.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> show(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  const auto& contents = snapshot->contents();
  const std::string gateway = contents.gateway ? directory::print_target(*contents.gateway) : "";
  if (call.json) {
    telemetry::JsonWriter json;
    const bool all = contents.forward_all == directory::ForwardAll::Yes;
    call.print(json.object().member("gateway", gateway).flag("forward_all", all).end_object().take());
  } else {
    call.print(gateway.empty() ? call.say({"no global gateway", "SMTP ゲートウェイの指定なし"}) : std::string_view(gateway));
  }
  return {};
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  if (call.has("--none")) {
    TRY_VOID(editor.set_gateway(std::nullopt));
    report_done(call, {"removed", "削除した"}, "gateway");
    return {};
  }
  const auto text = call.value("HOST");
  if (text.empty()) return show(call, editor);
  const auto gateway = directory::parse_gateway(text);
  if (!gateway) return directory::refuse(directory::DirectoryFailure::BadValue, gateway.error());
  TRY_VOID(editor.set_gateway(*gateway));
  report_done(call, {"set", "設定した"}, directory::print_target(*gateway));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_gateway_command() {
  return {.name = "route gateway",
          .help = {"show or set the global SMTP gateway, used where no row of the table matches", "経路表のどの行にも当たらない宛先の SMTP ゲートウェイを表示または設定する"},
          .options = {{"HOST", OptionKind::OptionalArgument, {"as in a row: \"gw.example.net,25,tls=required\"", "行と同じ書き方: \"gw.example.net,25,tls=required\""}},
                      {"--none", OptionKind::Flag, {"by hosts and DNS again", "hosts と DNS による配送に戻す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
