// hikyaku dkim key show
#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  const auto domain = call.value("DOMAIN"), selector = call.value("SELECTOR");
  std::vector<directory::DkimKey> keys;
  if (selector.empty()) {
    const auto all = snapshot->dkim_keys(directory::fold_domain(domain));
    keys.assign(all.begin(), all.end());
  } else {
    TRY(one, find_dkim_key(*snapshot, domain, selector));
    keys.push_back(std::move(one));
  }
  if (keys.empty()) return directory::refuse(directory::DirectoryFailure::NotFound, domain + " has no DKIM key; make one with: hikyaku dkim key add " + domain);
  telemetry::JsonWriter json;
  json.array();
  for (const auto& key : keys) {
    if (call.json) write_dkim_key(json, key, call.settings()->signing.keep_record());
    else call.print(signing::zone_line(signing::record_name(key), signing::record_text(key)));
  }
  if (call.json) call.print(json.end_array().take());
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command dkim_key_show_command() {
  return {.name = "dkim key show",
          .help = {"the DNS records to publish, as zone files want them", "公開する DNS レコードをゾーンファイルの形で表示する"},
          .options = {{"DOMAIN", OptionKind::Argument, {"whose keys", "ドメイン"}}, {"SELECTOR", OptionKind::OptionalArgument, {"one of them", "そのうちの 1 つ"}}},
          .run = run,
          .more = {"A string of a TXT record has 255 characters at most: the longer key is printed as several, which belong to one record. Web forms of providers mostly want the text in one piece: take \"record\" of --json.",
                   "TXT レコードの文字列は 1 つ 255 文字までなので、長い鍵は複数の文字列に分けて出す(全体で 1 レコード)。事業者の Web 画面では分割しない形を求められることが多い。その場合は --json の record を使う。"}};
}

}  // namespace hikyaku::cli
