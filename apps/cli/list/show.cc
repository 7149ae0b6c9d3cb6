// hikyaku list show ADDRESS
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"
#include "apps/cli/list/options.h"
#include "services/directory/mailing_list.h"

namespace hikyaku::cli {

namespace {

void tell(FactSheet& sheet, const Invocation& call, const directory::Snapshot&, const directory::MailingList& list) {
  sheet.add({"list", "リスト"}, list.address);
  sheet.add({"about", "説明"}, list.about);
  sheet.add({"posting", "投稿"}, std::string(posting_words(call, list.posting)));
  sheet.add({"posters", "投稿者・承認者"}, joined(list.posters));
  sheet.add({"owners", "管理者"}, list.owners.empty() ? "postmaster" : joined(list.owners));
  sheet.add({"errors go to", "エラーの送り先"}, directory::bounce_address(list));
  sheet.add({"subject", "件名"}, list.subject_prefix);
  sheet.add({"answers go to", "返信先"}, list.reply_to_list == directory::Enabled::Yes ? list.address : std::string(call.say({"the poster", "投稿者"})));
  sheet.add({"members", "メンバー数"}, std::to_string(list.members.size()));
}

Exit run(Invocation& call) { return show_of_directory<directory::MailingList>(call, {.find = wanted_list, .write = write_list, .tell = tell}); }

}  // namespace

Command list_show_command() {
  return {.name = "list show",
          .help = {"a mailing list's properties", "メーリングリストの設定を表示する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"the list's address", "リストのアドレス"}}},
          .run = run,
          .more = {"Its members: hikyaku list export ADDRESS", "メンバーの一覧: hikyaku list export ADDRESS"}};
}

}  // namespace hikyaku::cli
