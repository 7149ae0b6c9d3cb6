// hikyaku tls counts: how TLS with other domains went, from the file that deliver keeps.
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "apps/service/data_folders.h"
#include "services/delivery/tls/tls_book.h"

namespace hikyaku::cli {

namespace {

using delivery::TlsBook;
using delivery::TlsPolicyCount;

void write_policy(telemetry::JsonWriter& json, const std::string& day, const std::string& domain, const TlsPolicyCount& one) {
  json.object().member("day", day).member("domain", domain).member("policy", delivery::policy_kind_name(one.kind));
  json.member("successful", one.good).member("failed", one.failed).key("failures").array();
  for (const auto& failed : one.failures)
    json.object().member("result", delivery::result_name(failed.result)).member("host", failed.host).member("address", failed.address)
        .member("sessions", failed.sessions).member("reason", failed.reason).end_object();
  json.end_array().end_object();
}

void add_rows(Listing& listing, const std::string& day, const std::string& domain, const TlsPolicyCount& one) {
  listing.row({day, domain, std::string(delivery::policy_kind_name(one.kind)), std::to_string(one.good), std::to_string(one.failed), ""});
  for (const auto& failed : one.failures)
    listing.row({"", "", "", "", std::to_string(failed.sessions),
               std::string(delivery::result_name(failed.result)) + (failed.host.empty() ? "" : " " + failed.host) + (failed.reason.empty() ? "" : ": " + failed.reason)});
}

Exit run(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  io::PosixDisk disk;
  const auto text = io::read_file(disk, apps::folder::in(call.settings()->node.data(), apps::folder::tls_counts));
  if (!text && text.error().kind != io::DiskFailure::NotFound) return call.fail(text.error().what);
  const auto book = TlsBook::parse(text ? *text : std::string());
  const auto wanted = call.value("--domain");
  Listing listing(call, {{"DAY (UTC)", "日付(UTC)"}, {"DOMAIN", "ドメイン"}, {"POLICY", "ポリシー"}, {"GOOD", "成功"}, {"FAILED", "失敗"}, {"WHY", "理由"}});
  for (const auto& [day, domains] : book.days())
    for (const auto& [domain, policies] : domains)
      for (const auto& one : policies) {
        if (!wanted.empty() && domain != wanted) continue;
        write_policy(listing.json(), delivery::day_text(day), domain, one);
        add_rows(listing, delivery::day_text(day), domain, one);
      }
  listing.print();
  return Exit::Done;
}

}  // namespace

Command tls_counts_command() {
  return {.name = "tls counts",
          .help = {"how TLS with other domains went: sessions by day, domain and policy", "他ドメインとの TLS の成否を、日・ドメイン・ポリシーごとのセッション数で示す"},
          .options = {{"--domain", OptionKind::Value, {"only this domain", "このドメインだけ"}}},
          .run = run,
          .more = {"Counts are at most ten seconds old. A day's counts go when its report has been sent (delivery.tls_reports), or after a week.",
                   "数値は最大 10 秒前のもの。その日の報告(delivery.tls_reports)を送ると、または 1 週間で消える。"}};
}

}  // namespace hikyaku::cli
