// hikyaku domain check
#include <algorithm>

#include "apps/cli/commands.h"
#include "apps/cli/dkim/view.h"
#include "apps/cli/domain/records.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

using delivery::RecordState;

std::string_view mark(const Invocation& call, RecordState state) {
  switch (state) {
    case RecordState::Good: return call.say({"good", "正常"});
    case RecordState::Missing: return call.say({"MISSING", "なし"});
    case RecordState::Wrong: return call.say({"WRONG", "誤り"});
    case RecordState::Unknown: return call.say({"unknown", "不明"});
    case RecordState::NotChecked: return call.say({"-", "-"});
  }
  return "";
}

void print_findings(const Invocation& call, const std::vector<DomainRecord>& records) {
  for (const auto& one : records) {
    call.print("[" + std::string(mark(call, one.state)) + "] " + one.kind + ": " + (call.language == Language::Japanese ? one.japanese : one.english));
    if (one.state != RecordState::Good && !one.publish.empty()) call.print("    " + one.publish);
  }
}

void print_json(const Invocation& call, const std::string& domain, const std::vector<DomainRecord>& records) {
  telemetry::JsonWriter json;
  json.object().member("domain", domain).key("records").array();
  for (const auto& one : records)
    json.object().member("record", one.kind).member("state", delivery::state_name(one.state)).member("text", call.language == Language::Japanese ? one.japanese : one.english).member("publish", one.publish).end_object();
  call.print(json.end_array().end_object().take());
}

std::vector<io::IpAddress> our_addresses(const Invocation& call) {
  std::vector<io::IpAddress> ours;
  for (const auto& text : call.values("--address"))
    if (const auto address = io::IpAddress::parse(text)) ours.push_back(*address);
  if (!ours.empty()) return ours;
  // Where the way out begins; nothing is sent there (RFC 5737, RFC 3849).
  for (const auto* far : {"198.51.100.1", "2001:db8::1"})
    if (const auto target = io::IpAddress::parse(far))
      if (const auto address = address_towards(*target)) ours.push_back(*address);
  return ours;
}

// Who reads what is for postmaster@ (RFC 5321 §4.5.1). Nothing: not ours to say, its users are elsewhere.
std::optional<DomainRecord> postmaster_of(const directory::Snapshot& directory, const std::string& domain) {
  const Address address{"postmaster", domain};
  const auto name = address.text();
  const auto found = directory.resolve(address);
  if (found.kind == directory::RecipientKind::Relay || directory.domain(domain)->kind == directory::DomainKind::Relay) return std::nullopt;
  const std::string remedy = "hikyaku alias add " + name + " ADDRESS";
  if (found.local.empty() && found.remote.empty() && found.lists.empty())
    return DomainRecord{"postmaster", RecordState::Missing, "Nobody gets the mail for " + name + ". Remedy: hikyaku account set ADDRESS --admin yes, or " + remedy + ".",
                        name + " 宛を受け取る人がいない。対処: hikyaku account set ADDRESS --admin yes、または " + remedy + "。"};
  const auto reader = !found.local.empty() ? found.local.front().address.text() : !found.remote.empty() ? found.remote.front().text() : found.lists.front();
  const auto& all = directory.contents();
  const bool named = !all.postmaster.empty() || directory.alias(name) != nullptr || directory.account(address) != nullptr || directory.list(address) != nullptr ||
                     std::ranges::any_of(all.accounts, [](const auto& one) { return one.admin == directory::Enabled::Yes && one.enabled == directory::Enabled::Yes; });
  if (named) return DomainRecord{"postmaster", RecordState::Good, "The mail for " + name + " goes to " + reader + ".", name + " 宛は " + reader + " に届く。"};
  return DomainRecord{"postmaster", RecordState::Good,
                      "The mail for " + name + " goes to " + reader + ", the account made first, as no account is an administrator. Another: hikyaku account set ADDRESS --admin yes, or " + remedy + ".",
                      name + " 宛は、管理者のアカウントがないため、最初に作られたアカウント " + reader + " に届く。変えるには hikyaku account set ADDRESS --admin yes、または " + remedy + "。"};
}

bool harms(const DomainRecord& one) { return one.needed && (one.state == RecordState::Missing || one.state == RecordState::Wrong); }

Exit run(Invocation& call) {
  for (const auto& text : call.values("--address"))
    if (!io::IpAddress::parse(text)) return call.fail("\"" + text + "\" is no address. Remedy: write one such as 192.0.2.1.");
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto snapshot = access->editor().read();
  if (!snapshot) return call.fail(snapshot.error().what);
  const auto domain = directory::fold_domain(call.value("DOMAIN"));
  if ((*snapshot)->domain(domain) == nullptr) return call.fail("There is no domain " + domain + "; add it with: hikyaku domain add " + domain);
  const auto addresses = our_addresses(call);
  if (addresses.empty()) return call.fail("No address of this machine is known. Remedy: give it with --address.");
  const auto keys = (*snapshot)->dkim_keys(domain);
  auto records = check_domain(*call.settings(), {domain, addresses, {keys.begin(), keys.end()}});
  if (auto postmaster = postmaster_of(**snapshot, domain)) records.push_back(*std::move(postmaster));
  if (call.json) print_json(call, domain, records);
  else print_findings(call, records);
  return std::ranges::any_of(records, harms) ? Exit::Problem : Exit::Done;
}

}  // namespace

Command domain_check_command() {
  return {.name = "domain check",
          .help = {"check a domain's DNS records, print what to publish, and who its postmaster is", "ドメインの DNS レコードを検査し、公開すべき内容と postmaster 宛の届け先を表示する"},
          .options = {{"DOMAIN", OptionKind::Argument, {"which", "ドメイン"}},
                      {"--address", OptionKind::Value, {"our address as the world sees it, where a translator stands before this machine; may be repeated", "外から見える自サーバのアドレス(NAT の内側にある場合)。複数指定可"}, {}, false, true}},
          .run = run,
          .more = {"Looked at: MX, SPF, the DKIM keys, DMARC, the reverse name of our addresses, the name we greet with, MTA-STS and TLSRPT; and who gets the mail for postmaster. The status is 3 when something is missing or wrong.",
                   "調べるもの: MX、SPF、DKIM の鍵、DMARC、アドレスの逆引き、HELO 名、MTA-STS、TLSRPT、postmaster 宛の届け先。欠落や誤りがあれば終了コードは 3。"}};
}

}  // namespace hikyaku::cli
