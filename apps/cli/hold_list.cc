// hikyaku hold list
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/hold_view.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const auto now = SystemClock{}.wall();
  TRY(snapshot, editor.read());
  std::vector<directory::Hold> holds;
  for (const auto& hold : snapshot->contents().holds)
    if (call.has("--ended") || hold.stage(now) != directory::HoldStage::Ended) holds.push_back(hold);
  print_holds(call, holds, now);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command hold_list_command() {
  return {.name = "hold list",
          .help = {"what is held, planned or proposed, and why", "実施中と予定の保留、その理由"},
          .options = {{"--ended", OptionKind::Flag, {"those that are over too, for 120 days", "終了したものも(120 日間)"}}},
          .run = run};
}

}  // namespace hikyaku::cli
