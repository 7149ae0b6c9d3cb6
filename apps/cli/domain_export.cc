// hikyaku domain export
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  std::string out;
  for (const auto& domain : snapshot->contents().domains) out += domain.name + "\t" + std::string(domain_kind_name(domain.kind)) + "\n";
  if (!out.empty()) call.print(out);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command domain_export_command() {
  return {.name = "domain export",
          .help = {"domains as text: name TAB kind", "ドメインをテキストで出力する(名前 TAB 種別)"},
          .run = run};
}

}  // namespace hikyaku::cli
