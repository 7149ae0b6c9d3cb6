#include "apps/cli/route/tls.h"

#include "apps/service/data_folders.h"
#include "io/posix_disk.h"
#include "protocol/dns/host_name.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {
namespace {

using directory::RouteTls;

std::string_view row_word(RouteTls row) {
  switch (row) {
    case RouteTls::Default: return "default";
    case RouteTls::None: return "none";
    case RouteTls::Opportunistic: return "opportunistic";
    case RouteTls::Required: return "required";
    case RouteTls::Verified: return "verified";
  }
  return "default";
}

Words row_words(RouteTls row) {
  switch (row) {
    case RouteTls::None: return {"TLS: none, the row says so", "TLS: 使わない(行の指定)"};
    case RouteTls::Opportunistic: return {"TLS: where it is offered, unverified; the row says so, nothing published counts", "TLS: 相手が対応していれば使う(検証なし)。行の指定により DANE などは見ない"};
    case RouteTls::Required: return {"TLS: required by the row, else the mail waits", "TLS: 必須(行の指定)。なければ送らずに待つ"};
    case RouteTls::Verified: return {"TLS: required by the row, with a certificate for the host, else the mail waits", "TLS: 必須(行の指定)。ホスト名と認証局を検証できなければ送らずに待つ"};
    case RouteTls::Default: break;
  }
  return {"TLS: where it is offered, unverified, unless what follows demands more", "TLS: 相手が対応していれば使う(検証なし)。次の項目が優先する"};
}

}  // namespace

TlsOutlook tls_outlook(const delivery::NextHop& hop, const settings::Settings& settings, WallTime now) {
  TlsOutlook outlook;
  outlook.row = hop.terms().tls;
  const bool published_counts = outlook.row == RouteTls::Default || outlook.row == RouteTls::Required;
  outlook.dane = !published_counts ? DaneUse::NotByRow : settings.delivery.trust_anchors().empty() ? DaneUse::Off : DaneUse::Asked;
  outlook.sts_counts = hop.via == delivery::Via::Mx && settings.delivery.mta_sts();
  const auto domain = dns::canonical_name(hop.name);
  if (!outlook.sts_counts || !domain) return outlook;
  const auto file = delivery::policy_file(apps::folder::in(settings.node.data(), apps::folder::sts_policies), *domain);
  if (!file) return outlook;
  io::PosixDisk disk;
  const auto text = io::read_file(disk, *file, delivery::StsStore::most_file_octets);
  if (text) outlook.policy = delivery::KnownPolicy::decode(*domain, *text);
  if (outlook.policy && outlook.policy->expires() <= now) outlook.policy.reset();
  return outlook;
}

std::vector<std::string> outlook_lines(const Invocation& call, const TlsOutlook& outlook) {
  std::vector<std::string> lines{std::string(call.say(row_words(outlook.row)))};
  if (outlook.dane == DaneUse::Asked)
    lines.emplace_back(call.say({"DANE: a host with TLSA records proved by DNSSEC gets mail by those alone", "DANE: DNSSEC で確かめられた TLSA レコードのあるホストにはそれに従う(最優先)"}));
  if (outlook.dane == DaneUse::Off)
    lines.emplace_back(call.say({"DANE: off, delivery.trust_anchors is not set (on Debian: /usr/share/dns/root.key of the package dns-root-data)",
                                  "DANE: 使わない(delivery.trust_anchors が未設定。Debian では dns-root-data の /usr/share/dns/root.key)"}));
  if (outlook.sts_counts && !outlook.policy)
    lines.emplace_back(call.say({"MTA-STS: no policy of the domain is known; its record is asked for at each connection", "MTA-STS: ポリシーはまだ知られていない。接続のたびにレコードを調べる"}));
  if (!outlook.sts_counts || !outlook.policy) return lines;
  const auto& known = *outlook.policy;
  std::string line = std::string(call.say({"MTA-STS: mode ", "MTA-STS: モード "})) + std::string(tls_policy::mode_name(known.policy.mode));
  std::string hosts;
  for (const auto& host : known.policy.mx) hosts += (hosts.empty() ? "" : " ") + host;
  if (!hosts.empty()) line += std::string(call.say({", hosts ", "、ホスト "})) + hosts;
  line += std::string(call.say({", until ", "、期限 "})) + telemetry::stamp_text(known.expires()).substr(0, 16);
  lines.push_back(line);
  if (known.policy.mode == tls_policy::StsMode::Enforce)
    lines.emplace_back(call.say({"         verified TLS to one of these hosts, else the mail waits", "         このホストとの検証済み TLS でなければ送らずに待つ"}));
  return lines;
}

void add_outlook(telemetry::JsonWriter& json, const TlsOutlook& outlook) {
  json.key("tls").object().member("row", row_word(outlook.row));
  json.member("dane", outlook.dane == DaneUse::Asked ? "asked" : outlook.dane == DaneUse::Off ? "off" : "not-by-row");
  json.member("mta_sts", outlook.policy ? tls_policy::mode_name(outlook.policy->policy.mode) : outlook.sts_counts ? "not-known" : "off");
  if (outlook.policy) {
    json.key("policy_hosts").array();
    for (const auto& host : outlook.policy->policy.mx) json.text(host);
    json.end_array().member("policy_id", outlook.policy->id).member("policy_until", telemetry::stamp_text(outlook.policy->expires()));
  }
  json.end_object();
}

}  // namespace hikyaku::cli
