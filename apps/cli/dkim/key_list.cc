// hikyaku dkim key list
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"
#include "services/directory/address_text.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

std::string day(WallTime when) { return when == WallTime{} ? std::string{} : telemetry::day_text(when); }

std::string note(Invocation& call, const directory::DkimKey& key, Duration kept) {
  const auto until = directory::record_needed_until(key, kept);
  if (!until) return {};
  if (*until > SystemClock{}.wall()) return std::string(call.say({"leave its record in DNS until ", "DNS レコードは次の日まで残す: "})) + day(*until);
  return std::string(call.say({"its record may go; then: hikyaku dkim key remove ", "DNS レコードは削除してよい。その後: hikyaku dkim key remove "})) + key.domain + " " + key.selector;
}

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  auto& call = to.call();
  const Duration kept = call.settings()->signing.keep_record();
  const auto wanted = directory::fold_domain(call.value("DOMAIN"));
  for (const auto& key : directory.contents().dkim_keys) {
    if (!wanted.empty() && key.domain != wanted) continue;
    write_dkim_key(to.json(), key, kept);
    const auto since = key.stage == directory::DkimStage::Active ? key.activated : key.stage == directory::DkimStage::Retired ? key.retired : key.created;
    to.row({key.domain, key.selector, std::string(dkim::key_type_name(key.algorithm)), stage_words(call, key), day(since), note(call, key, kept)});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"DOMAIN", "ドメイン"}, {"SELECTOR", "セレクタ"}, {"KIND", "方式"}, {"STATE", "状態"}, {"SINCE", "日付"}, {"NOTES", "備考"}},
                        {"There is no DKIM key. Make one: hikyaku dkim key add example.jp", "DKIM 鍵はない。作るには: hikyaku dkim key add example.jp"}, add_rows);
}

}  // namespace

Command dkim_key_list_command() {
  return {.name = "dkim key list",
          .help = {"the DKIM keys, which of them sign, and what is to be done", "DKIM 鍵の一覧。署名に使用中の鍵と次の作業"},
          .options = {{"DOMAIN", OptionKind::OptionalArgument, {"of this domain only", "このドメインだけ"}}},
          .run = run};
}

}  // namespace hikyaku::cli
