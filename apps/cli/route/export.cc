// hikyaku route export
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  // The text ends its own last line.
  auto text = std::string_view(snapshot->contents().route_text);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!snapshot->contents().route_text.empty()) call.print(text);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_export_command() {
  return {.name = "route export",
          .help = {"the route table as gateway.dat", "経路表を gateway.dat として出力する"},
          .run = run,
          .own_form = true, .json_by = "route list"};
}

}  // namespace hikyaku::cli
