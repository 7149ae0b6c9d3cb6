// hikyaku dkim key retire
#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(retired, editor.retire_dkim_key(call.value("DOMAIN"), call.value("SELECTOR"), SystemClock{}.wall()));
  report_done(call, {"signs no more; leave its record in DNS for some days", "署名に使わない。DNS レコードは数日残すこと"}, signing::record_name(retired));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command dkim_key_retire_command() {
  return {.name = "dkim key retire",
          .help = {"let a key sign no more", "鍵を署名に使うのをやめる"},
          .options = {{"DOMAIN", OptionKind::Argument, {"whose key", "ドメイン"}}, {"SELECTOR", OptionKind::Argument, {"which", "セレクタ"}}},
          .run = run,
          .more = {"Without another active key the domain's mail leaves unsigned. To change keys, see `hikyaku dkim rotate`.", "ほかに使用中の鍵がなければ、以後は署名なしで送る。鍵の交換には hikyaku dkim rotate を使う。"}};
}

}  // namespace hikyaku::cli
