// hikyaku refusals escrow list, show, release, delete: encrypted copies of mail that was put off.
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/commands.h"
#include "apps/cli/quarantine/kept_mail.h"
#include "apps/service/data_folders.h"
#include "services/escrow/escrow_settings.h"

namespace hikyaku::cli {

namespace {

// The house is looked after as `deliver` does, which may be stopped; of who tells reception what there is, one more does no harm.
void look_after(Invocation& call, escrow::Keeper& keeper) {
  const auto looked = keeper.look(escrow::limits_of(call.settings()->refusals), escrow::Keeper::Keys::UseThem, SystemClock{}.wall(), [&call](const quarantine::Entry& entry, escrow::Gone why) {
    OperatorLog log(call);
    const std::string by = calling_user();
    log.log().write(telemetry::events::escrow_changed, {.message = entry.envelope.id, .by = by, .text = escrow::gone_name(why), .reason = entry.why});
  });
  if (!looked) call.fail(looked.error().what);
}

std::unique_ptr<KeptMail> open(Invocation& call) {
  if (!enter_data_folder(call)) return nullptr;
  const auto folder = apps::folder::in(call.settings()->node.data(), apps::folder::escrow);
  auto mail = std::make_unique<KeptMail>(folder);
  if (const auto made = mail->disk.make_folder(folder); !made) return call.fail(made.error().what), nullptr;
  const auto keeper = std::make_shared<escrow::Keeper>(mail->disk, folder);
  look_after(call, *keeper);
  mail->read = [keeper](const TraceId& id, const quarantine::To& to) { return keeper->read(id, to); };
  mail->released = [keeper](const quarantine::Released& one) { return keeper->note_released(one.mark, {SystemClock{}.wall(), one.sender, one.recipient}); };
  mail->changed = [&call, keeper] { look_after(call, *keeper); };
  return mail;
}

const KeptKind& kind() {
  static const KeptKind made{.open = open,
                             .changed = telemetry::events::escrow_changed,
                             .field = "X-Escrow",
                             .none = {"No copies are kept.", "預かっている控えはない。"},
                             .no_id = {" is no trace id; see: hikyaku refusals escrow list", " は追跡 ID ではない。hikyaku refusals escrow list で確認する"},
                             .not_there = {" is no copy that is kept; see: hikyaku refusals escrow list", " の控えは預かっていない。hikyaku refusals escrow list で確認する"}};
  return made;
}

Option ids(Words help) { return {.name = "ID", .kind = OptionKind::OptionalArgument, .help = help, .repeated = true}; }

}  // namespace

Command escrow_list_command() {
  return {.name = "refusals escrow list",
          .help = {"encrypted copies of mail that was put off ([refusals] escrow)", "保留したメールの暗号化した控えの一覧([refusals] escrow)"},
          .options = with_kept_filters({}),
          .run = [](Invocation& call) { return list_kept(call, kind()); }};
}

Command escrow_show_command() {
  return {.name = "refusals escrow show",
          .help = {"one of them", "控え 1 通"},
          .options = {{"ID", OptionKind::Argument, {"its trace id", "追跡 ID"}}, {"--text", OptionKind::Flag, {"open it and print its text", "復号して本文を出す"}}},
          .run = [](Invocation& call) { return show_kept(call, kind()); }};
}

Command escrow_release_command() {
  return {.name = "refusals escrow release",
          .help = {"deliver copies to their recipients", "控えを宛先に配送する"},
          .options = with_kept_filters({ids({"trace ids", "追跡 ID"}), {"--all", OptionKind::Flag, {"all that are there", "すべて"}}}),
          .run = [](Invocation& call) { return release_kept(call, kind()); },
          .more = {"Each goes on as a new mail, whose header says so. When its sender sends it again, he is answered 250 and it is not delivered a second time. To let the sender in from now on: hikyaku refusals allow NETWORK.",
                   "新しい追跡 ID のメールとして配送し、その旨をヘッダーに記す。送信者が再送してきたときは 250 を返し、二重には配送しない。今後も通すには: hikyaku refusals allow NETWORK"}};
}

Command escrow_delete_command() {
  return {.name = "refusals escrow delete",
          .help = {"delete copies for good; their senders may come again", "控えを完全に削除する(送信者の再送は妨げない)"},
          .options = with_kept_filters({ids({"trace ids, of damaged ones too", "追跡 ID(破損したものも可)"}), {"--all", OptionKind::Flag, {"all that are there", "すべて"}},
                                        {"--damaged", OptionKind::Flag, {"all whose files are damaged or cannot be read", "ファイルが破損したもの、読めないもののすべて"}}}),
          .run = [](Invocation& call) { return delete_kept(call, kind()); }};
}

}  // namespace hikyaku::cli
