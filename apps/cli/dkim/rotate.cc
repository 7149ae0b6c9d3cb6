// hikyaku dkim rotate
#include <algorithm>

#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

using directory::DkimKey;
using directory::DkimStage;

// What a rotation is for: the algorithms that sign now and have no successor prepared.
struct Rotation {
  std::vector<dkim::Algorithm> wanted;
  std::vector<DkimKey> prepared;
};

directory::DirectoryResult<Rotation> look(const directory::Snapshot& directory, const std::string& domain) {
  const auto keys = directory.dkim_keys(domain);
  Rotation rotation;
  const auto is_prepared = [&](dkim::Algorithm algorithm) {
    return std::ranges::any_of(keys, [&](const DkimKey& key) { return key.stage == DkimStage::Prepared && key.algorithm == algorithm; });
  };
  for (const auto& key : keys) {
    if (key.stage == DkimStage::Prepared) rotation.prepared.push_back(key);
    if (key.stage == DkimStage::Active && !is_prepared(key.algorithm)) rotation.wanted.push_back(key.algorithm);
  }
  if (rotation.wanted.empty() && rotation.prepared.empty())
    return directory::refuse(directory::DirectoryFailure::NotFound, domain + " has no DKIM key that signs; make one with: hikyaku dkim key add " + domain);
  return rotation;
}

void tell(Invocation& call, const std::vector<DkimKey>& keys) {
  telemetry::JsonWriter json;
  json.array();
  for (const auto& key : keys) {
    if (call.json) write_dkim_key(json, key, call.settings()->signing.keep_record());
    else if (key.stage == DkimStage::Prepared) print_record(call, key);
    else call.print(signing::record_name(key) + ": " + stage_words(call, key));
  }
  if (call.json) return call.print(json.end_array().take());
  if (!call.has("--force"))
    call.print(call.say({"The keys in use go on signing until DNS has shown the new ones for [signing] settle_time; then these take over by themselves.",
                         "新しい鍵が DNS で [signing] settle_time の間見え続けるまでは今の鍵で署名し、その後自動で切り替わる。"}));
}

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  const auto domain = directory::fold_domain(call.value("DOMAIN"));
  TRY(snapshot, editor.read());
  TRY(rotation, look(*snapshot, domain));
  auto keys = rotation.prepared;
  if (!rotation.wanted.empty()) {
    TRY(made, make_dkim_keys(call, editor, {.domain = domain, .selector = {}, .algorithms = rotation.wanted}));
    keys.insert(keys.end(), made.begin(), made.end());
  }
  if (call.has("--force"))
    for (auto& key : keys) {
      TRY(active, editor.activate_dkim_key(key.domain, key.selector, SystemClock{}.wall()));
      key = std::move(active);
    }
  tell(call, keys);
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command dkim_rotate_command() {
  return {.name = "dkim rotate",
          .help = {"change a domain's keys: new ones take over once DNS shows them", "ドメインの鍵を交換する(新しい鍵が DNS で確認でき次第切り替わる)"},
          .options = {{"DOMAIN", OptionKind::Argument, {"whose keys", "ドメイン"}},
                      {"--force", OptionKind::Flag, {"take over now, though nobody can check the signatures before the records are in DNS", "すぐ切り替える。DNS に公開されるまで署名は検証できない"}}},
          .run = run,
          .more = {"Given again while a rotation is under way it shows how far that is. A retired key's record stays in DNS for [signing] keep_record: `hikyaku dkim key list` tells until when.",
                   "交換の途中で再度実行すると状況を表示する。引退した鍵の DNS レコードは [signing] keep_record の間残す(期限は hikyaku dkim key list に出る)。"}};
}

}  // namespace hikyaku::cli
