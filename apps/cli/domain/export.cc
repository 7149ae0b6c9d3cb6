// hikyaku domain export
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  std::string out;
  for (const auto& domain : snapshot->contents().domains) {
    out += domain.name + "\t" + std::string(domain_kind_name(domain.kind));
    // A list is a text of its own, and counts once it is there.
    if (domain.recipients == directory::RecipientCheck::Ask) out += "\task";
    out += "\n";
  }
  if (!out.empty()) call.print(out);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command domain_export_command() {
  return {.name = "domain export",
          .help = {"domains as text: name TAB kind, and TAB ask where the inner server is asked", "ドメインをテキストで出力する(名前 TAB 種別。中継先に尋ねるものには TAB ask)"},
          .run = run,
          .own_form = true, .json_by = "domain list"};
}

}  // namespace hikyaku::cli
