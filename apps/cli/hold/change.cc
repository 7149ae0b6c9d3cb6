// hikyaku hold change, release, remove
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/hold/options.h"
#include "apps/cli/hold/view.h"

namespace hikyaku::cli {

namespace {

using Result = directory::DirectoryResult<directory::Hold>;

template <class Act>
Exit on_hold(Invocation& call, const Act& act) {
  const auto id = hold_id(call);
  if (!id) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto now = SystemClock{}.wall();
  const Result done = act(access->editor(), *id, now);
  if (!done) return call.fail(done.error().what);
  return print_hold(call, *done, now), Exit::Done;
}

Exit run_change(Invocation& call) {
  const auto change = change_of(call, SystemClock{}.wall());
  if (!change) return Exit::Failed;
  return on_hold(call, [&](directory::Editor& editor, std::uint64_t id, WallTime now) { return editor.change_hold(id, *change, now); });
}

Exit run_release(Invocation& call) {
  return on_hold(call, [](directory::Editor& editor, std::uint64_t id, WallTime now) { return editor.release_hold(id, now); });
}

Exit run_remove(Invocation& call) {
  return on_hold(call, [](directory::Editor& editor, std::uint64_t id, WallTime now) { return editor.remove_hold(id, now); });
}

const Option which{"ID", OptionKind::Argument, {"its number", "番号"}};

}  // namespace

Command hold_change_command() {
  std::vector<Option> options{which};
  for (auto& option : term_options()) options.push_back(std::move(option));
  return {.name = "hold change", .help = {"change when a hold ends, why, or what becomes of new mail", "保留の終了時刻、理由、新着の扱いを変える"}, .options = std::move(options), .run = run_change};
}

Command hold_release_command() {
  return {.name = "hold release",
          .help = {"end a hold now: what waited goes, oldest first, slowly at first", "保留を今すぐ解除する。古いものから、はじめはゆっくり配送する"},
          .options = {which},
          .run = run_release,
          .more = {"Nothing held expires without a fresh attempt after the release.", "解除後に少なくとも 1 回試みるまで、期限切れにはならない。"}};
}

Command hold_remove_command() {
  return {.name = "hold remove", .help = {"take back a hold that has not begun", "まだ始まっていない保留を取り消す"}, .options = {which}, .run = run_remove};
}

}  // namespace hikyaku::cli
