#include "apps/cli/domain/records.h"

#include <unistd.h>

#include <algorithm>

#include "apps/cli/access/dns_look.h"
#include "apps/cli/dkim/view.h"
#include "base/cursor.h"

namespace hikyaku::cli {

namespace {

using delivery::PolicyFinding;
using delivery::PolicyRecord;
using delivery::RecordState;
using directory::DkimStage;

constexpr Duration patience = 10s;

std::string our_name(const settings::Settings& settings) {
  if (!settings.node.hostname().empty()) return settings.node.hostname();
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

struct MxSeen {
  std::vector<std::string> hosts;
  std::string trouble;
};

Task<void> ask_mx(io::Loop& loop, io::Resolver& resolver, std::string domain, MxSeen& seen) {
  auto asking = resolver.mx(domain, loop.after(patience));
  const auto answer = co_await std::move(asking);
  for (const auto& record : answer.records) seen.hosts.push_back(record.host);
  if (answer.outcome == io::DnsOutcome::TemporaryFailure || answer.outcome == io::DnsOutcome::Bogus) seen.trouble = "DNS gave no usable answer";
}

DomainRecord mx_record(const settings::Settings& settings, const std::string& domain, const std::string& hostname) {
  MxSeen seen;
  const auto trouble = with_resolver(settings, {domain + "."}, [&](io::Loop& loop, io::Resolver& resolver) { return ask_mx(loop, resolver, domain, seen); });
  const std::string publish = domain + ". IN MX 10 " + hostname + ".";
  if (!trouble.empty() || !seen.trouble.empty())
    return {"mx", RecordState::Unknown, "DNS gave no usable answer for the MX records of " + domain + ".", domain + " の MX レコードの DNS 応答がない。"};
  if (seen.hosts.empty()) return {"mx", RecordState::Missing, "The domain " + domain + " has no MX record.", "ドメイン " + domain + " に MX レコードがない。", publish};
  if (std::ranges::any_of(seen.hosts, [&](const std::string& host) { return equal_ignoring_case(host, hostname); }))
    return {"mx", RecordState::Good, "The MX record of " + domain + " names this server, " + hostname + ".", domain + " の MX レコードは自サーバ " + hostname + " を指す。"};
  return {"mx", RecordState::Wrong, "The MX record of " + domain + " names " + seen.hosts.front() + " and not this server, " + hostname + ". That is right only when mail is to go there first.",
          domain + " の MX レコードは " + seen.hosts.front() + " を指し、自サーバ " + hostname + " ではない。メールを先にそこで受ける構成でなければ誤り。", publish};
}

DomainRecord key_record(const directory::DkimKey& key, const TxtSeen& seen) {
  const auto name = signing::record_name(key);
  const auto publish = signing::zone_line(name, signing::record_text(key));
  const bool needed = key.stage == DkimStage::Active;
  if (!seen.trouble.empty()) return {"dkim", RecordState::Unknown, "DNS gave no usable answer for " + name + ".", name + " の DNS 応答がない。", publish, needed};
  switch (signing::published(seen.records, key)) {
    case signing::Published::Right: return {"dkim", RecordState::Good, "The record " + name + " is our key.", "レコード " + name + " は自サーバの鍵と一致する。", publish, needed};
    case signing::Published::Missing: return {"dkim", RecordState::Missing, "The DKIM key " + name + " is not published.", "DKIM の鍵 " + name + " が公開されていない。", publish, needed};
    case signing::Published::Several: return {"dkim", RecordState::Wrong, "There are several records at " + name + "; leave this one only.", name + " に複数のレコードがある。次の 1 つだけにする。", publish, needed};
    case signing::Published::Wrong: break;
  }
  return {"dkim", RecordState::Wrong, "The record " + name + " is not our key.", "レコード " + name + " が自サーバの鍵と一致しない。", publish, needed};
}

void check_keys(const settings::Settings& settings, const DomainQuestion& question, std::vector<DomainRecord>& into) {
  std::vector<directory::DkimKey> keys;
  std::ranges::copy_if(question.keys, std::back_inserter(keys), [](const auto& key) { return key.stage != DkimStage::Retired; });
  if (std::ranges::none_of(keys, [](const auto& key) { return key.stage == DkimStage::Active; }))
    into.push_back({"dkim", RecordState::Missing, "No DKIM key signs the mail of " + question.domain + "." + (keys.empty() ? " Remedy: hikyaku dkim key add " + question.domain : ""),
                    question.domain + " のメールに署名する DKIM の鍵がない。" + (keys.empty() ? "対処: hikyaku dkim key add " + question.domain : "")});
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(signing::record_name(key));
  const auto seen = ask_txt(settings, names);
  for (std::size_t n = 0; n < keys.size(); ++n) into.push_back(key_record(keys[n], seen[n]));
}

// What may be left out: its absence is told, and harms nothing.
void check_optional(const settings::Settings& settings, const std::string& domain, std::vector<DomainRecord>& into) {
  struct Row {
    std::string_view kind, prefix, begins, text;
  };
  for (const auto& row : {Row{"mta-sts", "_mta-sts.", "v=STSv1", ""}, Row{"tlsrpt", "_smtp._tls.", "v=TLSRPTv1", "v=TLSRPTv1; rua=mailto:postmaster@"}}) {
    const auto name = std::string(row.prefix) + domain;
    const auto seen = ask_txt(settings, {name}).front();
    const auto count = std::ranges::count_if(seen.records, [&](const std::string& text) { return text.starts_with(row.begins); });
    DomainRecord record{.kind = std::string(row.kind), .needed = false};
    if (!seen.trouble.empty()) record.state = RecordState::Unknown, record.english = "DNS gave no usable answer for " + name + ".", record.japanese = name + " の DNS 応答がない。";
    else if (count == 1) record.state = RecordState::Good, record.english = "The record " + name + " is there.", record.japanese = "レコード " + name + " がある。";
    else if (count > 1) record.state = RecordState::Wrong, record.english = "There are several records at " + name + ", so that none counts.", record.japanese = name + " に複数のレコードがあり、どれも無効になる。", record.needed = true;
    else record.state = RecordState::NotChecked, record.english = "There is no record " + name + " (not required).", record.japanese = "レコード " + name + " はない(必須ではない)。";
    if (!row.text.empty()) record.publish = signing::zone_line(name, std::string(row.text) + domain);
    into.push_back(std::move(record));
  }
}

std::string publish_of(PolicyRecord record, const DomainQuestion& question, const std::string& hostname, const io::IpAddress& address) {
  switch (record) {
    case PolicyRecord::Spf: {
      std::string text = "v=spf1";
      for (const auto& one : question.addresses)
        if (is_public(one)) text += " " + spf_term(one);
      return signing::zone_line(question.domain, text + (text.size() == 6 ? " mx" : "") + " ~all");
    }
    case PolicyRecord::Dmarc: return signing::zone_line("_dmarc." + question.domain, "v=DMARC1; p=none");
    case PolicyRecord::Ptr: return address.reverse_name() + ". IN PTR " + hostname + ".";
    case PolicyRecord::Helo: return hostname + ". IN " + (address.family() == io::IpFamily::V4 ? "A " : "AAAA ") + address.to_string();
    case PolicyRecord::Dkim: break;
  }
  return {};
}

// What an address that the world does not see says nothing about.
bool tells_nothing(const PolicyFinding& found, const io::IpAddress& address) {
  if (is_public(address)) return false;
  if (found.record == PolicyRecord::Ptr) return true;
  return (found.record == PolicyRecord::Spf || found.record == PolicyRecord::Helo) && (found.state == RecordState::Good || found.state == RecordState::Wrong);
}

DomainRecord of_unseen_address(const PolicyFinding& found, const io::IpAddress& address) {
  const auto text = address.to_string();
  return {.kind = ascii_lower(delivery::record_name(found.record)), .state = RecordState::NotChecked,
          .english = "The world does not see our address " + text + ". Remedy: give the one it sees with --address.", .japanese = "自サーバのアドレス " + text + " は外から見えない。対処: 外から見えるアドレスを --address で指定する。"};
}

// One SPF record names all addresses, so it is told of once: as the worst of them has it, with every address it does not name.
void take_spf(std::vector<DomainRecord>& records, DomainRecord found, const std::string& domain) {
  if (found.state == RecordState::Missing) {
    found.english = "The domain " + domain + " has no SPF record. Remedy: publish this one.";
    found.japanese = "ドメイン " + domain + " に SPF レコードがない。対処: 次のレコードを公開する。";
  }
  if (found.state == RecordState::Wrong && found.english.find("Remedy: add ") != std::string::npos) found.publish.clear();  // whose record names others too
  const auto before = std::ranges::find(records, found.kind, &DomainRecord::kind);
  if (before == records.end()) return records.push_back(std::move(found));
  if (found.state == RecordState::Good) return;
  if (before->state == RecordState::Good) *before = std::move(found);
  else if (found.state == RecordState::Wrong && found.english != before->english) before->english += " " + found.english, before->japanese += found.japanese;
}

// Whose DNS records are looked at: what the world sees of us; where that is not known, whatever there is.
std::vector<io::IpAddress> seen_addresses(const std::vector<io::IpAddress>& ours) {
  std::vector<io::IpAddress> seen;
  std::ranges::copy_if(ours, std::back_inserter(seen), is_public);
  if (seen.empty() && !ours.empty()) seen.push_back(ours.front());
  return seen;
}

}  // namespace

std::vector<DomainRecord> check_domain(const settings::Settings& settings, const DomainQuestion& question) {
  const auto hostname = our_name(settings);
  std::vector<DomainRecord> records{mx_record(settings, question.domain, hostname)};
  bool first = true;
  for (const auto& address : seen_addresses(question.addresses)) {
    for (auto& found : check_records(settings, {question.domain, hostname, address, ""})) {
      if (found.record == PolicyRecord::Dkim || (found.record == PolicyRecord::Dmarc && !first)) continue;
      if (tells_nothing(found, address)) {
        records.push_back(of_unseen_address(found, address));
        continue;
      }
      DomainRecord record{ascii_lower(delivery::record_name(found.record)), found.state, std::move(found.english), std::move(found.japanese), publish_of(found.record, question, hostname, address)};
      if (found.record == PolicyRecord::Spf) take_spf(records, std::move(record), question.domain);
      else records.push_back(std::move(record));
    }
    first = false;
  }
  check_keys(settings, question, records);
  check_optional(settings, question.domain, records);
  return records;
}

}  // namespace hikyaku::cli
