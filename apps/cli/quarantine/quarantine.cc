// hikyaku quarantine list, show, release, delete
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/quarantine/kept_mail.h"
#include "apps/service/data_folders.h"

namespace hikyaku::cli {

namespace {

// Nothing: the reason was printed.
std::unique_ptr<KeptMail> open(Invocation& call) {
  if (!enter_data_folder(call)) return nullptr;
  auto mail = std::make_unique<KeptMail>(apps::folder::in(call.settings()->node.data(), apps::folder::quarantine));
  const auto made = mail->disk.make_folder(apps::folder::in(call.settings()->node.data(), apps::folder::quarantine));
  if (!made) return call.fail(made.error().what), nullptr;
  // What reception left is taken over with deliver stopped, too.
  if (const auto gathered = mail->store.gather(); !gathered) return call.fail(gathered.error().what), nullptr;
  return mail;
}

const KeptKind& kind() {
  static const KeptKind made{.open = open,
                             .changed = telemetry::events::quarantine_changed,
                             .field = "X-Quarantine",
                             .none = {"The quarantine is empty.", "隔離したメールはない。"},
                             .no_id = {" is no trace id; see: hikyaku quarantine list", " は追跡 ID ではない。hikyaku quarantine list で確認する"},
                             .not_there = {" is not in the quarantine; see: hikyaku quarantine list", " は隔離していない。hikyaku quarantine list で確認する"}};
  return made;
}

}  // namespace

Command quarantine_list_command() {
  return {.name = "quarantine list", .help = {"mail that is kept from its recipients", "隔離したメールの一覧"}, .options = with_kept_filters({}), .run = [](Invocation& call) { return list_kept(call, kind()); }};
}

Command quarantine_show_command() {
  return {.name = "quarantine show",
          .help = {"one quarantined message", "隔離したメール 1 通"},
          .options = {{"ID", OptionKind::Argument, {"its trace id", "追跡 ID"}}, {"--text", OptionKind::Flag, {"print its text as it came: it may be infected", "受信したままの本文を出す(感染しているかもしれない)"}}},
          .run = [](Invocation& call) { return show_kept(call, kind()); }};
}

Command quarantine_release_command() {
  return {.name = "quarantine release",
          .help = {"deliver quarantined mail to its recipients after all", "隔離したメールを宛先に配送する"},
          .options = with_kept_filters({{.name = "ID", .kind = OptionKind::OptionalArgument, .help = {"trace ids", "追跡 ID"}, .repeated = true}, {"--all", OptionKind::Flag, {"all that is there", "すべて"}}}),
          .run = [](Invocation& call) { return release_kept(call, kind()); },
          .more = {"It goes on as a new mail, whose header says that it was released; it is not scanned again. deliver may run or be stopped.",
                   "新しい追跡 ID のメールとして配送し、解放したことをヘッダーに記す。再スキャンはしない。deliver は動いていても止まっていてもよい。"}};
}

Command quarantine_delete_command() {
  return {.name = "quarantine delete",
          .help = {"delete quarantined mail for good", "隔離したメールを完全に削除する"},
          .options = with_kept_filters({{.name = "ID", .kind = OptionKind::OptionalArgument, .help = {"trace ids, of damaged ones too", "追跡 ID(破損したものも可)"}, .repeated = true}, {"--all", OptionKind::Flag, {"all that is there", "すべて"}}, {"--damaged", OptionKind::Flag, {"all whose files are damaged or cannot be read", "ファイルが破損したもの、読めないもののすべて"}}}),
          .run = [](Invocation& call) { return delete_kept(call, kind()); }};
}

}  // namespace hikyaku::cli
