#include "services/delivery/exchange_lookup.h"

#include <algorithm>

#include "protocol/dns/host_name.h"
#include "protocol/dns/mail_exchange.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_candidates = 20;

LookupFailure bad_name(const std::string& name) {
  return {FailureClass::Refused, "5.1.2", name + " is not a name mail can be sent to."};
}
LookupFailure no_mail_here(const std::string& domain) {  // RFC 7505 §4.1
  return {FailureClass::Refused, "5.1.10", "The domain " + domain + " accepts no mail (null MX)."};
}
LookupFailure no_such_domain(const std::string& domain) {
  return {FailureClass::Refused, "5.1.2", "The domain " + domain + " does not exist."};
}
LookupFailure no_address(const std::string& domain) {
  return {FailureClass::Refused, "5.1.2", "The domain " + domain + " has neither MX nor address."};
}
LookupFailure loop_to_ourselves(const std::string& domain) {
  return {FailureClass::Refused, "5.4.6", "The mail exchanger of " + domain + " is this server, which does not know the domain. "
                                          "Remedy: hikyaku domain add " + domain + ", or a route for it."};
}
LookupFailure later(const std::string& name, const std::string& why) {
  return {FailureClass::NoAnswer, "4.4.3", "DNS gave no usable answer for " + name + (why.empty() ? "." : ": " + why)};
}

// RFC 8461 §5: for another time, since the domain's owner may mend its policy.
LookupFailure kept_by_policy(const std::string& domain, const std::string& hosts) {
  return {FailureClass::Tls, "4.7.0", "The MTA-STS policy of " + domain + " does not list " + hosts + ", and no other host can be tried."};
}

// "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3), or the same without brackets as gateway.dat has it.
std::optional<io::IpAddress> literal(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.size() > 5 && (text.starts_with("IPv6:") || text.starts_with("ipv6:"))) text.remove_prefix(5);
  return io::IpAddress::parse(text);
}

}  // namespace

ExchangeLookup::ExchangeLookup(io::Loop& loop, io::Resolver& resolver, Options options)
    : loop_(loop), resolver_(resolver), options_(std::move(options)), random_(std::random_device{}()) {}

std::vector<io::IpAddress> ExchangeLookup::fixed(const std::string& name) const {
  const auto table = options_.hosts != nullptr ? options_.hosts->current() : nullptr;
  const auto* found = table ? table->find(name) : nullptr;
  return found != nullptr ? *found : std::vector<io::IpAddress>{};
}

// IPv6 first (RFC 6724); the session goes on to IPv4 when it does not answer.
Task<ExchangeLookup::Addresses> ExchangeLookup::addresses(std::string host, Deadline deadline) {
  Addresses all;
  all.secure = true;
  all.found = fixed(host);
  if (!all.found.empty()) {
    all.secure = false;  // the operator's own word, not DNSSEC's
    co_return all;
  }
  auto six = resolver_.aaaa(host, deadline);
  const auto v6 = co_await std::move(six);
  auto four = resolver_.a(host, deadline);
  const auto v4 = co_await std::move(four);
  for (const auto* answer : {&v6, &v4}) {
    if (answer->outcome == io::DnsOutcome::Found) {
      all.secure = all.secure && answer->secure;
      if (answer->canonical != host) all.canonical = answer->canonical;
    }
    all.found.insert(all.found.end(), answer->records.begin(), answer->records.end());
    if (answer->outcome == io::DnsOutcome::TemporaryFailure || answer->outcome == io::DnsOutcome::Bogus) {
      all.temporary = true;
      all.why = answer->why;
    }
  }
  all.no_such_name = v4.outcome == io::DnsOutcome::NoSuchName;
  co_return all;
}

Task<Result<ExchangeLookup::Exchanges, LookupFailure>> ExchangeLookup::exchange_hosts(const std::string& domain, Deadline deadline) {
  auto asking = resolver_.mx(domain, deadline);
  const auto answer = co_await std::move(asking);
  switch (answer.outcome) {
    case io::DnsOutcome::TemporaryFailure:
    case io::DnsOutcome::Bogus: co_return failure(later(domain, answer.why));
    // A name only the hosts file knows is NXDOMAIN to DNS: the domain's own addresses decide.
    case io::DnsOutcome::NoSuchName:
    case io::DnsOutcome::NoData: co_return Exchanges{{domain}, {0}, answer.secure};
    case io::DnsOutcome::Found: break;
  }
  std::vector<dns::MailExchange> records;
  for (const auto& record : answer.records) records.push_back({record.preference, record.host});
  auto plan = dns::plan_exchanges(std::move(records), [this](const std::string& host) { return host == options_.our_name; },
                                  [this](std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); });
  switch (plan.kind) {
    case dns::ExchangePlan::Kind::NullMx: co_return failure(no_mail_here(domain));
    case dns::ExchangePlan::Kind::Loop: co_return failure(loop_to_ourselves(domain));
    case dns::ExchangePlan::Kind::ImplicitDomain: co_return Exchanges{{domain}, {0}, answer.secure};
    case dns::ExchangePlan::Kind::Hosts: break;
  }
  co_return Exchanges{std::move(plan.hosts), std::move(plan.preferences), answer.secure};
}

Task<std::vector<std::string>> ExchangeLookup::mail_hosts(std::string domain) {
  const auto canonical = dns::canonical_name(domain);
  if (!canonical) co_return std::vector<std::string>{};
  if (!fixed(*canonical).empty()) co_return std::vector<std::string>{*canonical};
  auto asking = exchange_hosts(*canonical, loop_.after(options_.limit));
  auto hosts = co_await std::move(asking);
  co_return hosts ? std::move(hosts->hosts) : std::vector<std::string>{};
}

Task<Result<std::vector<Candidate>, LookupFailure>> ExchangeLookup::candidates(NextHop hop, Published published) {
  const Deadline deadline = loop_.after(options_.limit);
  auto hosts = hop.hosts();
  std::vector<std::uint16_t> preferences;
  Findings findings;
  findings.by_mx = hop.via == Via::Mx;
  findings.secure_so_far = true;
  findings.published = published;
  if (hop.via == Via::Mx && !literal(hop.name)) {
    const auto canonical = dns::canonical_name(hop.name);
    if (!canonical) co_return failure(bad_name(hop.name));
    // The hosts file before MX (docs/adr/0014).
    if (fixed(*canonical).empty()) {
      auto asking = exchange_hosts(*canonical, deadline);
      auto answer = co_await std::move(asking);
      if (!answer) co_return failure(std::move(answer).error());
      hosts.clear();
      for (auto& host : answer->hosts) hosts.push_back({std::move(host), hop.port});
      preferences = std::move(answer->preferences);
      findings.secure_so_far = answer->secure;
      findings.domain = *canonical;
      auto finding = find_sts(findings, deadline);
      co_await std::move(finding);
    }
  }
  const auto first = hosts.front().name;
  const bool only_one = hosts.size() == 1;
  auto adding = add_hosts(std::move(hosts), std::move(preferences), findings, deadline);
  co_await std::move(adding);
  if (!findings.found.empty()) co_return std::move(findings.found);
  if (!findings.not_listed.empty()) co_return failure(kept_by_policy(findings.domain, findings.not_listed));
  // A host that the route table names and nobody can find is the operator's mistake, which can be mended: not final.
  if (findings.temporary || hop.via == Via::Host) co_return failure(later(first, findings.why));
  if (findings.ourselves) co_return failure(loop_to_ourselves(hop.name));
  co_return failure(findings.nothing_exists && only_one ? no_such_domain(hop.name) : no_address(hop.name));
}

// RFC 5321 §5.1: a host that turns out to be us ends the list, and those of its preference before it go too.
Task<void> ExchangeLookup::add_hosts(std::vector<directory::RouteHost> hosts, std::vector<std::uint16_t> preferences, Findings& findings, Deadline deadline) {
  preferences.resize(hosts.size());
  Findings better = findings;  // what hosts preferred to this one brought
  for (std::size_t n = 0; n < hosts.size() && findings.found.size() < most_candidates; ++n) {
    if (n > 0 && preferences[n] != preferences[n - 1]) better = findings;
    auto adding = add_host(hosts[n], findings, deadline);
    co_await std::move(adding);
    if (!findings.ourselves) continue;
    findings = std::move(better);
    findings.ourselves = true;
    break;
  }
}

Task<http::HostAddresses> ExchangeLookup::host_addresses(std::string host, Deadline deadline) {
  auto asking = addresses(std::move(host), deadline);
  auto answer = co_await std::move(asking);
  co_return http::HostAddresses{std::move(answer.found), std::move(answer.why)};
}

Task<std::vector<std::string>> ExchangeLookup::tlsa_bases(std::string host, const Addresses& answer, Deadline deadline) {
  if (answer.canonical.empty()) co_return answer.secure ? std::vector<std::string>{host} : std::vector<std::string>{};
  if (answer.secure) co_return std::vector<std::string>{answer.canonical, host};
  // The alias leads out of what is signed; it may be proved itself, and the records stand at its own name.
  auto asking = resolver_.cname(host, deadline);
  const auto alias = co_await std::move(asking);
  co_return alias.outcome == io::DnsOutcome::Found && alias.secure ? std::vector<std::string>{host} : std::vector<std::string>{};
}

Task<Result<std::shared_ptr<const HostTls>, std::string>> ExchangeLookup::published_tls(std::vector<std::string> bases, std::uint16_t port,
                                                                                            std::string domain, Deadline deadline) {
  for (const auto& base : bases) {
    auto asking = resolver_.tlsa("_" + std::to_string(port) + "._tcp." + base, deadline);
    auto answer = co_await std::move(asking);
    if (answer.outcome == io::DnsOutcome::TemporaryFailure || answer.outcome == io::DnsOutcome::Bogus)
      co_return failure("the TLSA records of " + base + " cannot be had: " + answer.why);
    if (answer.outcome == io::DnsOutcome::Found && answer.secure)
      co_return std::make_shared<const HostTls>(HostTls{HostTls::By::Dane, base, std::move(answer.records), std::move(domain), nullptr});
  }
  co_return std::shared_ptr<const HostTls>();
}

void ExchangeLookup::tell(const Findings& findings, TlsPolicyKind kind, TlsResult result, const std::string& host, const std::string& reason) const {
  if (!options_.observe || findings.domain.empty()) return;
  TlsObservation seen{findings.domain, kind, {}, result, host, {}, {}, reason};
  if (kind == TlsPolicyKind::Sts && findings.sts.known) seen.policy = policy_lines(*findings.sts.known);
  options_.observe(seen);
}

Task<void> ExchangeLookup::find_sts(Findings& findings, Deadline deadline) {
  if (options_.sts == nullptr || findings.published == Published::Waived) co_return;
  auto asking = options_.sts->policy_for(findings.domain, deadline);
  findings.sts = co_await std::move(asking);
  switch (findings.sts.trouble) {
    case StsTrouble::None: break;
    case StsTrouble::Fetch: tell(findings, TlsPolicyKind::Sts, TlsResult::StsPolicyFetchError, {}, findings.sts.why); break;
    case StsTrouble::Invalid: tell(findings, TlsPolicyKind::Sts, TlsResult::StsPolicyInvalid, {}, findings.sts.why); break;
    case StsTrouble::Certificate: tell(findings, TlsPolicyKind::Sts, TlsResult::StsWebpkiInvalid, {}, findings.sts.why); break;
  }
}

// TLSA records come first (RFC 8461 §2): a policy neither weakens nor replaces them.
bool ExchangeLookup::apply_sts(const std::string& host, Findings& findings, std::shared_ptr<const HostTls>& tls) const {
  const auto& known = findings.sts.known;
  if (tls || !known || known->policy.mode == tls_policy::StsMode::None) return true;
  const bool enforce = known->policy.mode == tls_policy::StsMode::Enforce, listed = known->policy.lists(host);
  if (enforce && !listed) {
    findings.not_listed += (findings.not_listed.empty() ? "" : ", ") + host;
    tell(findings, TlsPolicyKind::Sts, TlsResult::ValidationFailure, host, "the policy does not list the host");
    return false;
  }
  tls = std::make_shared<const HostTls>(HostTls{enforce ? HostTls::By::Sts : HostTls::By::StsTesting, host, {}, findings.domain, known, listed});
  return true;
}

Task<void> ExchangeLookup::add_host(const directory::RouteHost& host, Findings& findings, Deadline deadline) {
  if (const auto ip = literal(host.name)) {
    findings.ourselves = findings.by_mx && options_.ours.include({*ip, host.port});
    if (!findings.ourselves) findings.found.push_back({{*ip, host.port}, host.name});
    co_return;
  }
  const auto canonical = dns::canonical_name(host.name);
  if (!canonical) {
    findings.why = host.name + " is no host name";
    co_return;
  }
  auto asking = addresses(*canonical, deadline);
  const auto answer = co_await std::move(asking);
  findings.ourselves = findings.by_mx && std::ranges::any_of(answer.found, [&](const auto& ip) { return options_.ours.include({ip, host.port}); });
  if (findings.ourselves) co_return;
  std::shared_ptr<const HostTls> tls;
  if (options_.dane == Dane::Yes && findings.published == Published::Counts && findings.secure_so_far && !answer.found.empty()) {
    auto naming = tlsa_bases(*canonical, answer, deadline);
    auto bases = co_await std::move(naming);
    auto looking = published_tls(std::move(bases), host.port, findings.domain, deadline);
    auto published = co_await std::move(looking);
    if (!published) {  // RFC 7672 §2.1.3: passed over, or an attacker could make the records vanish
      findings.temporary = true;
      findings.nothing_exists = false;
      findings.why = std::move(published).error();
      tell(findings, TlsPolicyKind::Tlsa, TlsResult::DnssecInvalid, *canonical, findings.why);
      co_return;
    }
    tls = std::move(*published);
  }
  if (!apply_sts(*canonical, findings, tls)) co_return;
  // RFC 8689 §4.2.1: MX records are proved, or a policy lists the host.
  const bool vouched = findings.domain.empty() || (options_.dane == Dane::Yes && findings.secure_so_far) || (tls && tls->sts && tls->listed);
  for (const auto& ip : answer.found)
    if (findings.found.size() < most_candidates) findings.found.push_back({{ip, host.port}, *canonical, tls, vouched});
  findings.temporary = findings.temporary || answer.temporary;
  findings.nothing_exists = findings.nothing_exists && answer.no_such_name;
  if (!answer.why.empty()) findings.why = answer.why;
}

}  // namespace hikyaku::delivery
