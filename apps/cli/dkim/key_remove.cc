// hikyaku dkim key remove
#include <algorithm>

#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const auto removed = editor.remove_dkim_key(call.value("DOMAIN"), call.value("SELECTOR"));
  if (!removed) return std::unexpected(removed.error());
  TRY(snapshot, editor.read());
  io::PosixDisk disk;
  auto store = key_store(call, disk);
  // One private key may serve several domains.
  const bool needed = std::ranges::any_of(snapshot->contents().dkim_keys, [&](const auto& key) { return key.name == removed->name; });
  if (!needed)
    if (const auto gone = store.remove(removed->name); !gone)
      return directory::refuse(directory::DirectoryFailure::Unavailable, "The private key cannot be removed: " + gone.error() + "; look at the disk, and delete the file.");
  report_done(call, {"removed, and its private key", "秘密鍵とともに削除した"}, signing::record_name(*removed));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command dkim_key_remove_command() {
  return {.name = "dkim key remove",
          .help = {"forget a key that does not sign, its private half too", "使っていない鍵を秘密鍵ごと削除する"},
          .options = {{"DOMAIN", OptionKind::Argument, {"whose key", "ドメイン"}}, {"SELECTOR", OptionKind::Argument, {"which", "セレクタ"}}},
          .run = run};
}

}  // namespace hikyaku::cli
