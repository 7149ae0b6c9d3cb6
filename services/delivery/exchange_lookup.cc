#include "services/delivery/exchange_lookup.h"

#include "protocol/dns/mail_exchange.h"
#include "protocol/dns/host_name.h"

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

// "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3), or the same without brackets as gateway.dat has it.
std::optional<io::IpAddress> literal(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.size() > 5 && (text.starts_with("IPv6:") || text.starts_with("ipv6:"))) text.remove_prefix(5);
  return io::IpAddress::parse(text);
}

}  // namespace

ExchangeLookup::ExchangeLookup(io::Loop& loop, io::Resolver& resolver, std::string our_name, const io::HostsFiles* hosts, Dane dane, Duration limit)
    : loop_(loop), resolver_(resolver), hosts_(hosts), our_name_(std::move(our_name)), dane_(dane), limit_(limit), random_(std::random_device{}()) {}

std::vector<io::IpAddress> ExchangeLookup::fixed(const std::string& name) const {
  const auto table = hosts_ != nullptr ? hosts_->current() : nullptr;
  const auto* found = table ? table->find(name) : nullptr;
  return found != nullptr ? *found : std::vector<io::IpAddress>{};
}

// IPv6 first (RFC 6724); the session goes on to IPv4 when it does not answer.
io::Task<ExchangeLookup::Addresses> ExchangeLookup::addresses(std::string host, Deadline deadline) {
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
    if (answer->outcome == io::DnsOutcome::Found) all.secure = all.secure && answer->secure;
    all.found.insert(all.found.end(), answer->records.begin(), answer->records.end());
    if (answer->outcome == io::DnsOutcome::TemporaryFailure || answer->outcome == io::DnsOutcome::Bogus) {
      all.temporary = true;
      all.why = answer->why;
    }
  }
  all.no_such_name = v4.outcome == io::DnsOutcome::NoSuchName;
  co_return all;
}

io::Task<Result<ExchangeLookup::Exchanges, LookupFailure>> ExchangeLookup::exchange_hosts(const std::string& domain, Deadline deadline) {
  auto asking = resolver_.mx(domain, deadline);
  const auto answer = co_await std::move(asking);
  switch (answer.outcome) {
    case io::DnsOutcome::TemporaryFailure:
    case io::DnsOutcome::Bogus: co_return failure(later(domain, answer.why));
    // A name only the hosts file knows is NXDOMAIN to DNS: the domain's own addresses decide.
    case io::DnsOutcome::NoSuchName:
    case io::DnsOutcome::NoData: co_return Exchanges{{domain}, answer.secure};
    case io::DnsOutcome::Found: break;
  }
  std::vector<dns::MailExchange> records;
  for (const auto& record : answer.records) records.push_back({record.preference, record.host});
  auto plan = dns::plan_exchanges(std::move(records), [this](const std::string& host) { return host == our_name_; },
                                  [this](std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); });
  switch (plan.kind) {
    case dns::ExchangePlan::Kind::NullMx: co_return failure(no_mail_here(domain));
    case dns::ExchangePlan::Kind::Loop: co_return failure(loop_to_ourselves(domain));
    case dns::ExchangePlan::Kind::ImplicitDomain: co_return Exchanges{{domain}, answer.secure};
    case dns::ExchangePlan::Kind::Hosts: break;
  }
  co_return Exchanges{std::move(plan.hosts), answer.secure};
}

io::Task<std::vector<std::string>> ExchangeLookup::mail_hosts(std::string domain) {
  const auto canonical = dns::canonical_name(domain);
  if (!canonical) co_return std::vector<std::string>{};
  if (!fixed(*canonical).empty()) co_return std::vector<std::string>{*canonical};
  auto asking = exchange_hosts(*canonical, loop_.after(limit_));
  auto hosts = co_await std::move(asking);
  co_return hosts ? std::move(hosts->hosts) : std::vector<std::string>{};
}

io::Task<Result<std::vector<Candidate>, LookupFailure>> ExchangeLookup::candidates(NextHop hop) {
  const Deadline deadline = loop_.after(limit_);
  auto hosts = hop.hosts();
  Findings findings;
  findings.secure_so_far = true;
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
      findings.secure_so_far = answer->secure;
      findings.domain = *canonical;
    }
  }
  for (const auto& host : hosts) {
    if (findings.found.size() >= most_candidates) break;
    auto adding = add_host(host, findings, deadline);
    co_await std::move(adding);
  }
  if (!findings.found.empty()) co_return std::move(findings.found);
  // A host that the route table names and nobody can find is the operator's mistake, which can be mended: not final.
  if (findings.temporary || hop.via == Via::Host) co_return failure(later(hosts.front().name, findings.why));
  co_return failure(findings.nothing_exists && hosts.size() == 1 ? no_such_domain(hop.name) : no_address(hop.name));
}

io::Task<Result<std::shared_ptr<const HostTls>, std::string>> ExchangeLookup::published_tls(std::string host, std::uint16_t port,
                                                                                            std::string domain, Deadline deadline) {
  auto asking = resolver_.tlsa("_" + std::to_string(port) + "._tcp." + host, deadline);
  auto answer = co_await std::move(asking);
  switch (answer.outcome) {
    case io::DnsOutcome::TemporaryFailure:
    case io::DnsOutcome::Bogus: co_return failure("the TLSA records of " + host + " cannot be had: " + answer.why);
    case io::DnsOutcome::NoSuchName:
    case io::DnsOutcome::NoData: co_return std::shared_ptr<const HostTls>();
    case io::DnsOutcome::Found: break;
  }
  if (!answer.secure) co_return std::shared_ptr<const HostTls>();
  co_return std::make_shared<const HostTls>(HostTls{std::move(answer.records), std::move(domain)});
}

io::Task<void> ExchangeLookup::add_host(const directory::RouteHost& host, Findings& findings, Deadline deadline) {
  if (const auto ip = literal(host.name)) {
    findings.found.push_back({{*ip, host.port}, host.name});
    co_return;
  }
  const auto canonical = dns::canonical_name(host.name);
  if (!canonical) {
    findings.why = host.name + " is no host name";
    co_return;
  }
  auto asking = addresses(*canonical, deadline);
  const auto answer = co_await std::move(asking);
  std::shared_ptr<const HostTls> tls;
  if (dane_ == Dane::Yes && findings.secure_so_far && answer.secure && !answer.found.empty()) {
    auto looking = published_tls(*canonical, host.port, findings.domain, deadline);
    auto published = co_await std::move(looking);
    if (!published) {  // RFC 7672 §2.1.3: passed over, or an attacker could make the records vanish
      findings.temporary = true;
      findings.nothing_exists = false;
      findings.why = std::move(published).error();
      co_return;
    }
    tls = std::move(*published);
  }
  for (const auto& ip : answer.found)
    if (findings.found.size() < most_candidates) findings.found.push_back({{ip, host.port}, *canonical, tls});
  findings.temporary = findings.temporary || answer.temporary;
  findings.nothing_exists = findings.nothing_exists && answer.no_such_name;
  if (!answer.why.empty()) findings.why = answer.why;
}

}  // namespace hikyaku::delivery
