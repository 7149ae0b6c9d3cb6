// hikyaku route explain
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(address, wanted_address(call.value("ADDRESS")));
  const std::string why = snapshot->explain_route(address);
  telemetry::JsonWriter json;
  call.print(call.json ? json.object().member("recipient", address.text()).member("route", why).end_object().take() : why);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_explain_command() {
  return {.name = "route explain",
          .help = {"which row an address takes, and why", "ある宛先がどの行に当たるかを説明する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"a recipient", "宛先"}}},
          .run = run};
}

}  // namespace hikyaku::cli
