// hikyaku list show
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/directory_text.h"
#include "apps/cli/list_options.h"
#include "apps/cli/text_table.h"
#include "services/directory/mailing_list.h"

namespace hikyaku::cli {

namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(address, wanted_address(call.value("ADDRESS")));
  const auto* list = snapshot->list(address);
  if (list == nullptr) return directory::refuse(directory::DirectoryFailure::NotFound, "There is no list " + address.text() + "; see: hikyaku list list");
  if (call.json) {
    telemetry::JsonWriter json;
    write_list(json, *list);
    call.print(json.take());
    return {};
  }
  TextTable table;
  const auto row = [&](const Words& name, std::string value) {
    if (!value.empty()) table.add({std::string(call.say(name)), std::move(value)});
  };
  row({"list", "リスト"}, list->address);
  row({"about", "説明"}, list->about);
  row({"posting", "投稿"}, std::string(posting_words(call, list->posting)));
  row({"posters", "投稿者・承認者"}, joined(list->posters));
  row({"owners", "管理者"}, list->owners.empty() ? "postmaster" : joined(list->owners));
  row({"errors go to", "エラーの送り先"}, directory::bounce_address(*list));
  row({"subject", "件名"}, list->subject_prefix);
  row({"answers go to", "返信先"}, list->reply_to_list == directory::Enabled::Yes ? list->address : std::string(call.say({"the poster", "投稿者"})));
  row({"members", "メンバー数"}, std::to_string(list->members.size()));
  call.print(table.text());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command list_show_command() {
  return {.name = "list show",
          .help = {"a mailing list's properties", "メーリングリストの設定を表示する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"the list's address", "リストのアドレス"}}},
          .run = run,
          .more = {"Its members: hikyaku list export ADDRESS", "メンバーの一覧: hikyaku list export ADDRESS"}};
}

}  // namespace hikyaku::cli
