#include "apps/cli/dkim/view.h"

#include <algorithm>

#include "apps/service/data_folders.h"
#include "services/directory/address_text.h"
#include "services/signing/make_key.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using directory::DirectoryFailure;
using directory::DkimKey;
using directory::DkimStage;

constexpr Duration patience = 10s;

std::string stamp_or_nothing(WallTime when) { return when == WallTime{} ? std::string{} : telemetry::stamp_text(when); }

// "rsa20261122", or with a number behind it when that is in use.
std::string free_selector(const directory::Snapshot& directory, const std::string& domain, const std::string& wanted) {
  const auto keys = directory.dkim_keys(domain);
  for (int n = 1;; ++n) {
    const auto name = n == 1 ? wanted : wanted + "-" + std::to_string(n);
    if (std::ranges::find(keys, name, &DkimKey::selector) == keys.end()) return name;
  }
}

std::string selector_for(const directory::Snapshot& directory, const NewKeys& wanted, dkim::Algorithm algorithm) {
  const std::string kind(dkim::key_type_name(algorithm));
  if (!wanted.selector.empty()) return wanted.algorithms.size() == 1 ? wanted.selector : wanted.selector + "-" + kind;
  auto day = telemetry::day_text(SystemClock{}.wall());
  std::erase(day, '-');
  return free_selector(directory, directory::fold_domain(wanted.domain), kind + day);
}

Task<void> ask_all(io::Loop& loop, io::Resolver& resolver, std::vector<TxtSeen>& all) {
  for (auto& one : all) {
    auto asking = resolver.txt(one.name, loop.after(patience));
    const auto answer = co_await std::move(asking);
    one.records = answer.records;
    if (answer.outcome == io::DnsOutcome::TemporaryFailure || answer.outcome == io::DnsOutcome::Bogus) one.trouble = answer.why.empty() ? "DNS gave no usable answer" : answer.why;
  }
}

}  // namespace

signing::KeyStore key_store(Invocation& call, io::Disk& disk) {
  return {disk, apps::folder::in(call.settings()->node.data(), apps::folder::dkim_keys)};
}

void write_dkim_key(telemetry::JsonWriter& json, const DkimKey& key, Duration kept) {
  json.object().member("domain", key.domain).member("selector", key.selector).member("algorithm", dkim::algorithm_name(key.algorithm));
  json.member("state", directory::stage_name(key.stage)).flag("takes_over_when_published", key.takes_over == directory::TakesOver::WhenPublished);
  json.member("record_name", signing::record_name(key)).member("record", signing::record_text(key)).member("private_key", key.name);
  json.member("created", stamp_or_nothing(key.created)).member("published", stamp_or_nothing(key.published));
  json.member("activated", stamp_or_nothing(key.activated)).member("retired", stamp_or_nothing(key.retired));
  json.member("record_needed_until", stamp_or_nothing(directory::record_needed_until(key, kept).value_or(WallTime{}))).end_object();
}

std::string stage_words(const Invocation& call, const DkimKey& key) {
  switch (key.stage) {
    case DkimStage::Prepared:
      if (key.takes_over == directory::TakesOver::WhenOrdered) return std::string(call.say({"prepared", "準備済み"}));
      return std::string(key.published == WallTime{} ? call.say({"prepared, waits for its DNS record", "準備済み(DNS レコード待ち)"}) : call.say({"prepared, in DNS, signs soon", "準備済み(DNS で確認、まもなく署名開始)"}));
    case DkimStage::Active: return std::string(call.say({"signs", "署名に使用中"}));
    case DkimStage::Retired: return std::string(call.say({"retired", "引退"}));
  }
  return {};
}

void print_record(const Invocation& call, const DkimKey& key) {
  call.print(call.say({"Publish this record in DNS:", "次のレコードを DNS に公開する:"}));
  call.print(signing::zone_line(signing::record_name(key), signing::record_text(key)));
}

directory::DirectoryResult<DkimKey> find_dkim_key(const directory::Snapshot& directory, std::string_view domain, std::string_view selector) {
  for (const auto& key : directory.dkim_keys(directory::fold_domain(domain)))
    if (key.selector == directory::fold_domain(selector)) return key;
  return directory::refuse(DirectoryFailure::NotFound, "There is no DKIM key " + std::string(selector) + " of " + std::string(domain) + "; see: hikyaku dkim key list");
}

directory::DirectoryResult<DkimKey> add_private_key(Invocation& call, directory::Editor& editor, const dkim::PrivateKey& key, DkimKey about) {
  about.algorithm = key.algorithm();
  about.public_octets = key.public_octets();
  about.created = SystemClock{}.wall();
  io::PosixDisk disk;
  auto store = key_store(call, disk);
  const auto known = store.names();
  auto name = store.add(key, "DKIM: " + signing::record_name(about));
  if (!name) return directory::refuse(DirectoryFailure::Unavailable, "The private key cannot be written: " + name.error() + "; look at the disk and try again.");
  about.name = *name;
  if (auto added = editor.add_dkim_key(about); !added && added.error().kind != DirectoryFailure::NotSeen) {
    if (!std::ranges::binary_search(known, *name)) (void)store.remove(*name);
    return std::unexpected(std::move(added).error());
  }
  TRY(snapshot, editor.read());
  return find_dkim_key(*snapshot, about.domain, about.selector);
}

directory::DirectoryResult<std::vector<DkimKey>> make_dkim_keys(Invocation& call, directory::Editor& editor, const NewKeys& wanted) {
  std::vector<DkimKey> made;
  for (const auto algorithm : wanted.algorithms) {
    TRY(snapshot, editor.read());
    DkimKey about{.domain = wanted.domain, .selector = selector_for(*snapshot, wanted, algorithm), .takes_over = wanted.takes_over};
    const auto key = signing::make_key(algorithm, wanted.bits);
    if (!key) return directory::refuse(DirectoryFailure::BadValue, "No key was made: " + key.error() + "; give another --bits.");
    TRY(added, add_private_key(call, editor, *key, std::move(about)));
    made.push_back(std::move(added));
  }
  return made;
}

std::vector<TxtSeen> ask_txt(const settings::Settings& settings, const std::vector<std::string>& names) {
  std::vector<TxtSeen> all;
  std::vector<std::string> reserved;
  for (const auto& name : names) all.push_back({name, {}, {}}), reserved.push_back(name + ".");
  const auto trouble = with_resolver(settings, std::move(reserved), [&all](io::Loop& loop, io::Resolver& resolver) { return ask_all(loop, resolver, all); });
  if (!trouble.empty())
    for (auto& one : all) one.trouble = trouble;
  return all;
}

std::string why_not_published(Invocation& call, const DkimKey& key) {
  const auto name = signing::record_name(key);
  const auto seen = ask_txt(*call.settings(), {name}).front();
  if (!seen.trouble.empty()) return "DNS gave no usable answer for " + name + " (" + seen.trouble + "). Remedy: try again, or --force.";
  switch (signing::published(seen.records, key)) {
    case signing::Published::Right: return {};
    case signing::Published::Missing: return "DNS does not show the record " + name + " yet. Remedy: publish what `hikyaku dkim key show` prints, wait for your name servers, or --force.";
    case signing::Published::Several: return "DNS shows several records at " + name + ". Remedy: leave only the one that `hikyaku dkim key show` prints, or --force.";
    case signing::Published::Wrong: return "DNS shows another key at " + name + ". Remedy: publish what `hikyaku dkim key show` prints, or --force.";
  }
  return {};
}

}  // namespace hikyaku::cli
