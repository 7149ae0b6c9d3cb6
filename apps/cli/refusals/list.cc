// hikyaku refusals list: senders who were put off and keep trying, out of the log.
#include <algorithm>
#include <map>

#include "apps/cli/commands.h"
#include "apps/cli/log/files.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "io/posix_disk.h"
#include "services/escrow/overview.h"
#include "services/policy/ledger_line.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using policy::LedgerEntry;

void take(policy::Ledger& ledger, const LogLine& line) {
  auto told = policy::parse_ledger_line(line.text);
  if (!told) return;
  if (auto* put_off = std::get_if<policy::PutOff>(&*told)) return ledger.put_off(std::move(*put_off));
  if (const auto* taken = std::get_if<policy::TakenIn>(&*told)) ledger.accepted(taken->client, taken->sender, taken->recipient, taken->at);
}

policy::Ledger read_ledger(const settings::Settings& settings, WallTime since, WallTime now) {
  policy::Ledger ledger;
  LogSelection selection{.folder = apps::folder::in(settings.node.data(), apps::folder::log), .logs = {"receivelog", "inlog"}};
  select_times(selection, since, now);
  for_each_line(selection, [&](const LogLine& line) { return take(ledger, line), true; });
  return ledger;
}

struct Row {
  const LedgerEntry* entry;
  policy::Likelihood likely;
};

// Who is likely honest first; of these, who was silent shortest.
std::vector<Row> rows_of(const Invocation& call, const policy::Ledger& ledger) {
  std::vector<Row> rows;
  const auto percent = static_cast<int>(count_of(call, "--likely", 0));
  for (const auto* entry : ledger.entries()) {
    if (entry->came_in() && !call.has("--all")) continue;
    auto likely = policy::likelihood(*entry, ledger.neighbours(entry->key.network));
    if (likely.percent >= percent) rows.push_back({entry, std::move(likely)});
  }
  std::ranges::sort(rows, [](const Row& a, const Row& b) { return std::pair(a.likely.percent, a.entry->last) > std::pair(b.likely.percent, b.entry->last); });
  return rows;
}

std::string interval_text(const LedgerEntry& entry) {
  if (entry.tries < 2) return "";
  const auto minutes = [](std::chrono::seconds time) { return time < std::chrono::minutes{2} ? std::to_string(time.count()) + "s" : std::to_string(time.count() / 60) + "m"; };
  return entry.shortest == entry.longest ? minutes(entry.shortest) : minutes(entry.shortest) + "-" + minutes(entry.longest);
}

std::string why_text(const Invocation& call, const policy::Likelihood& likely) {
  std::string text;
  for (const auto& point : likely.points) text += (text.empty() ? "" : "; ") + std::string(call.say({point.why, point.why_ja})) + (point.points > 0 ? " +" : " ") + std::to_string(point.points);
  return text;
}

void add(Listing& listing, const Row& row, const escrow::Overview& kept, WallTime now) {
  const auto& entry = *row.entry;
  const std::string kind(1, static_cast<char>(entry.kind())), ends = entry.came_in() ? "" : telemetry::stamp_text(policy::may_give_up(entry, now));
  const auto why = why_text(listing.call(), row.likely);
  auto& json = listing.json().object();
  json.member("kind", kind).member("network", entry.key.network).member("client_name", entry.client_name).member("helo", entry.helo).member("sender", entry.key.sender)
      .member("recipient", entry.key.recipient).member("first", telemetry::stamp_text(entry.first)).member("last", telemetry::stamp_text(entry.last)).member("tries", entry.tries)
      .member("interval", interval_text(entry)).member("rule", entry.rule).member("reason", entry.reason).member("likely_percent", std::uint64_t(row.likely.percent)).member("why", why)
      .member("may_give_up", ends).flag("came_in", entry.came_in()).key("clients").array();
  for (const auto& client : entry.clients) json.text(client);
  json.end_array().key("copies").array();
  const auto [first, last] = kept.copies.equal_range(entry.key);
  for (auto copy = first; copy != last; ++copy) json.text(copy->second.id);
  json.end_array().end_object();
  const auto count = std::distance(first, last);
  listing.row({kind, std::to_string(row.likely.percent) + "%", entry.key.network, entry.client_name.empty() ? entry.helo : entry.client_name, entry.key.sender, entry.key.recipient,
               std::to_string(entry.tries), count == 0 ? "" : std::to_string(count), interval_text(entry), telemetry::stamp_text(entry.last).substr(0, 16), ends.substr(0, std::min<std::size_t>(16, ends.size())), why});
}

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const auto now = SystemClock{}.wall();
  auto ledger = read_ledger(*settings, since_of(call, "--since", now).value_or(now - std::chrono::days{5}), now);
  Listing listing(call, {{"KIND", "種別"}, {"LIKELY", "正当らしさ"}, {"NETWORK", "ネットワーク"}, {"NAME", "名前"}, {"SENDER", "送信者"}, {"RECIPIENT", "宛先"}, {"TRIES", "回数"}, {"KEPT", "控え"}, {"EVERY", "間隔"}, {"LAST", "最終"}, {"MAY GIVE UP", "断念の見込み"}, {"WHY", "根拠"}},
                  {"Nobody who was put off keeps trying.", "保留した相手で再送を続けている者はいない。"});
  io::PosixDisk disk;
  const auto kept = escrow::overview(disk, apps::folder::in(settings->node.data(), apps::folder::escrow));
  escrow::settle_released(ledger, kept);
  for (const auto& row : rows_of(call, ledger)) add(listing, row, kept, now);
  listing.print();
  return Exit::Done;
}

}  // namespace

Command refusals_list_command() {
  return {.name = "refusals list",
          .help = {"senders who were put off (4xx) and keep trying: how likely they are honest, and when they may give up", "保留(4xx)した相手のうち再送を続けている送信者。正当らしさと断念の見込みを示す"},
          .options = {value_option("--since", Takes::Since, {"from then on: 2h, 7d, 2026-11-25, \"2026-11-25 18:00\"; otherwise the last five days", "この時刻から。2h、7d、2026-11-25、\"2026-11-25 18:00\" など。省くと直近 5 日"}),
                      value_option("--likely", Takes::Percent, {"only who is honest with at least this percentage", "正当らしさがこの割合以上の相手だけ"}),
                      {"--all", OptionKind::Flag, {"those too whose mail came in or was released meanwhile", "その後受信できた相手、控えを解放した相手も含める"}}},
          .run = run,
          .more = {"Kinds: C client (reverse name, S25R, greylist), B DNS list, S sender, R recipient (rules of accounts), H EHLO, O other. Let one in: hikyaku refusals allow NETWORK. KEPT: copies that hikyaku refusals escrow lists and releases.",
                   "種別: C クライアント(逆引き、S25R、グレイリスト)、B DNSBL、S 送信者、R 宛先(アカウントの規則)、H HELO、O その他。通すには: hikyaku refusals allow NETWORK。控え: 預かっている数。一覧と解放は hikyaku refusals escrow"}};
}

}  // namespace hikyaku::cli
