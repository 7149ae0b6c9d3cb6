#include "apps/cli/policy/subscriptions.h"

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/dns_look.h"
#include "apps/cli/policy/access_options.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "io/tls_context.h"
#include "services/subscriptions/fetch.h"
#include "services/subscriptions/store.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using subscriptions::Accept;
using subscriptions::Subscription;
using Fetched = Result<std::string, std::string>;

constexpr std::size_t rows_shown = 20;
constexpr Duration patience = 120s;

struct Fetching {
  std::shared_ptr<const io::TlsClientContext> tls;
  std::string url;
  Fetched text = failure(std::string("nothing was asked"));
};

Task<http::HostAddresses> addresses_of(io::Resolver& resolver, std::string host, Deadline deadline) {
  auto asking = resolver.a(host, deadline);
  const auto v4 = co_await std::move(asking);
  auto asking_v6 = resolver.aaaa(host, deadline);
  const auto v6 = co_await std::move(asking_v6);
  http::HostAddresses all{v4.records, {}};
  all.found.insert(all.found.end(), v6.records.begin(), v6.records.end());
  if (all.found.empty()) all.why = "DNS knows no address of it";
  co_return all;
}

Task<void> fetch_into(io::Loop& loop, io::Resolver& resolver, Fetching& what) {
  const http::FindAddresses find = [&resolver](std::string host, Deadline deadline) { return addresses_of(resolver, std::move(host), deadline); };
  const subscriptions::Get get = [&loop, &what, find](http::ClientRequest request, Deadline deadline) { return http::send_request(loop, what.tls, find, std::move(request), deadline); };
  auto fetching = subscriptions::fetch(get, what.url, loop.after(patience));
  what.text = co_await std::move(fetching);
}

Fetched text_of(const settings::Settings& settings, const subscriptions::SubscriptionStore& store, const Subscription& subscription) {
  if (!subscriptions::is_url(subscription.from)) return store.read_local(subscription);
  auto tls = io::TlsClientContext::make(settings.delivery.authorities_file());
  if (!tls) return failure(tls.error().what);
  Fetching what{.tls = *tls, .url = subscription.from};
  const auto trouble = with_resolver(settings, {}, [&what](io::Loop& loop, io::Resolver& resolver) { return fetch_into(loop, resolver, what); });
  if (!trouble.empty()) return failure(trouble);
  return std::move(what.text);
}

subscriptions::SubscriptionStore store_of(io::Disk& disk, const settings::Settings& settings) { return {disk, apps::folder::in(settings.node.data(), apps::folder::subscriptions)}; }

void print_rows(const Invocation& call, char sign, const std::vector<directory::AccessRow>& rows) {
  for (std::size_t n = 0; n < rows.size() && n < rows_shown; ++n) call.print(std::string(1, sign) + " " + std::string(directory::access_name(rows[n].action)) + " " + rows[n].pattern);
  if (rows.size() > rows_shown) call.print(std::string(1, sign) + " ... " + std::to_string(rows.size() - rows_shown));
}

void show(const Invocation& call, const Subscription& subscription, const subscriptions::Refreshed& refreshed) {
  if (call.json) {
    telemetry::JsonWriter json;
    json.object().member("name", subscription.name).member("added", std::uint64_t{refreshed.change.added.size()}).member("removed", std::uint64_t{refreshed.change.removed.size()}).member("same", std::uint64_t{refreshed.change.same});
    call.print(json.member("bad", std::uint64_t{refreshed.bad}).flag("in_force", refreshed.in_force).member("why", refreshed.why).end_object().take());
    return;
  }
  print_rows(call, '+', refreshed.change.added);
  print_rows(call, '-', refreshed.change.removed);
  call.print(subscription.name + ": " + std::string(call.say({"added ", "追加 "})) + std::to_string(refreshed.change.added.size()) + std::string(call.say({", removed ", "、削除 "})) + std::to_string(refreshed.change.removed.size()) +
             std::string(call.say({", unchanged ", "、変更なし "})) + std::to_string(refreshed.change.same) + std::string(call.say({", lines without meaning here ", "、解釈できない行 "})) + std::to_string(refreshed.bad));
  if (!refreshed.why.empty()) call.print(std::string(call.say({"not in force: ", "未適用: "})) + refreshed.why);
}

// One refresh; Failed: the reason was printed.
Exit refresh(Invocation& call, directory::Editor& editor, const Subscription& subscription, Accept accept) {
  const auto settings = call.settings();
  io::PosixDisk disk;
  auto store = store_of(disk, *settings);
  const auto now = SystemClock{}.wall();
  const auto text = text_of(*settings, store, subscription);
  if (!text) {
    if (accept != Accept::Nothing) store.failed(subscription, text.error(), now);
    return call.fail(subscription.from + ": " + text.error());
  }
  const auto percent = static_cast<int>(settings->policy.subscription_change());
  const auto taken = store.take(editor, subscription, *text, percent, accept, now);
  if (!taken) return call.fail(taken.error().what);
  show(call, subscription, *taken);
  return taken->in_force || accept == Accept::Nothing ? Exit::Done : Exit::Problem;
}

std::optional<Subscription> wanted(const Invocation& call) {
  Subscription made{.name = call.value("NAME"), .from = call.value("FROM"), .who = who_of(call), .names = call.has("--below") ? directory::Names::AndBelow : directory::Names::Themselves,
                    .added = std::chrono::floor<std::chrono::seconds>(SystemClock{}.wall())};
  if (const auto action = directory::parse_access(call.value("--action", "allow"))) made.action = *action;
  made.every = duration_of(call, "--every").value_or(std::chrono::days{1});
  if (const auto why = subscriptions::why_no_subscription(made); !why.empty()) {
    call.fail(why);
    return std::nullopt;
  }
  return made;
}

Exit with_editor(Invocation& call, const std::function<Exit(directory::Editor&)>& work) {
  if (!call.settings()) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  return access ? work(access->editor()) : Exit::Failed;
}

Exit run_subscribe(Invocation& call) {
  const auto made = wanted(call);
  if (!made) return Exit::WrongUse;
  return with_editor(call, [&](directory::Editor& editor) {
    io::PosixDisk disk;
    auto store = store_of(disk, *call.settings());
    if (!call.has("--yes")) {
      const auto looked = refresh(call, editor, *made, Accept::Nothing);
      if (looked == Exit::Done && !call.json) call.print(call.say({"Nothing was changed. Give --yes to follow this list.", "まだ何も変えていない。このリストを購読するには --yes を付ける。"}));
      return looked;
    }
    if (const auto added = store.add(*made); !added) return call.fail(added.error().what);
    return refresh(call, editor, *made, Accept::Everything);
  });
}

Exit run_unsubscribe(Invocation& call) {
  return with_editor(call, [&](directory::Editor& editor) {
    io::PosixDisk disk;
    auto store = store_of(disk, *call.settings());
    const auto name = call.value("NAME");
    if (!store.find(name)) return call.fail(Words{"There is no such subscription; see: hikyaku policy subscriptions", "その名前の購読はない。hikyaku policy subscriptions で確かめる。"});
    // First the subscription: a refresh that is under way brings no row back.
    if (const auto gone = store.remove(name); !gone) return call.fail(gone.error().what);
    const auto removed = editor.remove_access([&](const directory::AccessRow& row) { return row.source == name; });
    if (!removed) return call.fail(removed.error().what);
    report_done(call, {"rows removed", "行を削除した"}, std::to_string(*removed));
    return Exit::Done;
  });
}

Exit run_list(Invocation& call) {
  const auto settings = call.settings();
  if (!settings || !enter_data_folder(call)) return Exit::Failed;
  io::PosixDisk disk;
  const auto store = store_of(disk, *settings);
  const auto all = store.all();
  Listing listing(call, {{"NAME", "名前"}, {"ACTION", "動作"}, {"WHO", "対象"}, {"ROWS", "行"}, {"EVERY", "間隔"}, {"FETCHED", "取得"}, {"CHANGED", "変更"}, {"WAITS", "未適用の理由"}, {"FROM", "取得元"}},
                  {"No list is followed; see: hikyaku policy subscribe", "購読中のリストはない。hikyaku policy subscribe で購読する。"});
  const auto when = [](WallTime time) { return time == WallTime{} ? std::string() : telemetry::stamp_text(time).substr(0, 16); };
  for (std::size_t n = 0; all && n < all->size(); ++n) {
    const auto& one = (*all)[n];
    const auto state = store.state(one.name);
    const auto every = std::to_string(one.every.count() / 3'600) + "h";
    listing.json().object().member("name", one.name).member("action", directory::access_name(one.action)).member("who", directory::who_name(one.who)).member("rows", std::uint64_t{state.rows})
        .member("every_seconds", static_cast<std::uint64_t>(one.every.count())).member("tried", when(state.tried)).member("fetched", when(state.fetched)).member("changed", when(state.changed)).member("bad", std::uint64_t{state.bad})
        .member("waits", state.waits).member("from", one.from).end_object();
    listing.row({one.name, std::string(directory::access_name(one.action)), std::string(directory::who_name(one.who)), std::to_string(state.rows), every, when(state.fetched), when(state.changed), state.waits, one.from});
  }
  listing.print();
  return Exit::Done;
}

Exit run_refresh(Invocation& call) {
  return with_editor(call, [&](directory::Editor& editor) {
    io::PosixDisk disk;
    const auto store = store_of(disk, *call.settings());
    auto worst = Exit::Done;
    const auto accept = call.has("--dry-run") ? Accept::Nothing : call.has("--accept") ? Accept::Everything : Accept::Small;
    std::vector<Subscription> chosen;
    if (const auto name = call.value("NAME"); !name.empty()) {
      const auto one = store.find(name);
      if (!one) return call.fail(Words{"There is no such subscription; see: hikyaku policy subscriptions", "その名前の購読はない。hikyaku policy subscriptions で確かめる。"});
      chosen.push_back(*one);
    } else if (auto all = store.all()) {
      chosen = *std::move(all);
    }
    for (const auto& one : chosen) worst = std::max(worst, refresh(call, editor, one, accept));
    return worst;
  });
}

}  // namespace

Command policy_subscribe_command() {
  std::vector<Option> options{{"NAME", OptionKind::Argument, {"its name: the source of its rows", "名前(行の出所になる)"}},
                              {"FROM", OptionKind::Argument, {"https URL, or absolute path of a file", "https の URL またはファイルの絶対パス"}}};
  for (auto& one : who_options()) options.push_back(std::move(one));
  options.push_back({"--action", OptionKind::Value, {"of its rows: allow (usual), defer, refuse; rows that say otherwise are left out", "行の動作: allow(既定)、defer、refuse。異なる動作の行は取り込まない"}, {"allow", "defer", "refuse"}, true});
  options.push_back({"--below", OptionKind::Flag, {"a name means all names below it too, as in Postfix's access tables", "名前にはその下の名前も含める(Postfix の access 表と同じ)"}});
  options.push_back(value_option("--every", Takes::Duration, {"time between two refreshes: 12h, 7d; usually 1d", "更新の間隔。12h、7d など。省くと 1d"}));
  options.push_back({"--yes", OptionKind::Flag, {"follow it; without this only tell what it would change", "購読する。なければ変更点を示すだけ"}});
  return {.name = "policy subscribe",
          .help = {"follow a published list of clients or senders: fetched now, shown, and refreshed on schedule", "公開リストを購読する。取得して変更点を示し、以後は定期的に更新する"},
          .options = std::move(options),
          .run = run_subscribe,
          .more = {"A refresh that would change more than [policy] subscription_change waits for `hikyaku policy refresh NAME --accept`. A list at a path is refreshed by `deliver` only inside the data folder's `subscriptions`; elsewhere by this command's `refresh`, from cron.",
                   "[policy] subscription_change を超える変更は hikyaku policy refresh NAME --accept を待つ。ファイルのリストを deliver が自動更新できるのはデータフォルダの subscriptions の中だけ。他の場所は cron から refresh を実行する。"}};
}

Command policy_unsubscribe_command() {
  return {.name = "policy unsubscribe", .help = {"follow a list no more, and take its rows back", "購読をやめ、そのリストの行を取り消す"}, .options = {{"NAME", OptionKind::Argument, {"its name", "名前"}}}, .run = run_unsubscribe};
}

Command policy_subscriptions_command() {
  return {.name = "policy subscriptions", .help = {"the lists that are followed, when they were fetched, and what waits for you", "購読中のリストと取得日時、確認待ちの変更を表示する"}, .run = run_list};
}

Command policy_refresh_command() {
  return {.name = "policy refresh",
          .help = {"fetch lists that are followed now", "購読中のリストを今すぐ更新する"},
          .options = {{"NAME", OptionKind::OptionalArgument, {"of one; otherwise all", "名前。省くとすべて"}},
                      {"--accept", OptionKind::Flag, {"put a large change in force too", "大きな変更も適用する"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would change", "変更点を示すだけ"}}},
          .run = run_refresh,
          .more = {"Exit status: 0 in force, 1 it could not be had, 3 the change waits for --accept.", "終了コード: 0 適用済み、1 取得できない、3 変更が --accept を待っている。"}};
}

}  // namespace hikyaku::cli
