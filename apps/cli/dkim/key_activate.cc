// hikyaku dkim key activate
#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(key, find_dkim_key(*snapshot, call.value("DOMAIN"), call.value("SELECTOR")));
  if (!call.has("--force"))
    if (auto why = why_not_published(call, key); !why.empty()) return std::unexpected(directory::DirectoryError{directory::DirectoryFailure::BadValue, std::move(why)});
  TRY(active, editor.activate_dkim_key(key.domain, key.selector, SystemClock{}.wall()));
  report_done(call, {"signs from now on", "以後、署名に使う"}, signing::record_name(active));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command dkim_key_activate_command() {
  return {.name = "dkim key activate",
          .help = {"let a key sign now; the one before it of its kind retires", "鍵を署名に使い始める(同じ方式の以前の鍵は引退する)"},
          .options = {{"DOMAIN", OptionKind::Argument, {"whose key", "ドメイン"}},
                      {"SELECTOR", OptionKind::Argument, {"which", "セレクタ"}},
                      {"--force", OptionKind::Flag, {"though DNS does not show its record", "DNS で確認できなくても使い始める"}}},
          .run = run};
}

}  // namespace hikyaku::cli
