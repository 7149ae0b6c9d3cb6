// hikyaku domain add
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  if (call.has("--relay") && call.has("--pass-unknown"))
    return directory::refuse(directory::DirectoryFailure::BadValue, "--relay and --pass-unknown exclude each other; give one of them.");
  const auto kind = call.has("--relay")          ? directory::DomainKind::Relay
                    : call.has("--pass-unknown") ? directory::DomainKind::LocalPassUnknown
                                                 : directory::DomainKind::Local;
  TRY_VOID(editor.add_domain(call.value("DOMAIN"), kind));
  report_done(call, {"added", "追加した"}, call.value("DOMAIN"));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command domain_add_command() {
  return {.name = "domain add",
          .help = {"add a domain", "ドメインを追加する"},
          .options = {{"DOMAIN", OptionKind::Argument, {"its name", "ドメイン名"}},
                      {"--relay", OptionKind::Flag, {"accept its mail from anyone and send it on by the route table", "誰からでも受け取り、経路表に従って転送する"}},
                      {"--pass-unknown", OptionKind::Flag, {"local, and unknown users are sent on by the route table", "ここで受け、存在しない宛先は経路表に従って転送する"}}},
          .run = run};
}

}  // namespace hikyaku::cli
