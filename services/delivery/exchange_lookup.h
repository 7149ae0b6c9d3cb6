// ExchangeLookup: AddressLookup over the hosts file and DNS, by the rules of RFC 5321 §5.1: MX hosts by preference, the
// domain's own addresses only when there is no MX, nothing at all for a null MX (RFC 7505), never ourselves: neither a host of
// our name nor one whose address and port are ours.
#pragma once

#include <random>

#include "io/hosts_file.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "services/delivery/address_lookup.h"
#include "services/delivery/own_listeners.h"
#include "services/delivery/tls/sts_policies.h"
#include "services/delivery/tls/tls_observation.h"

namespace hikyaku::delivery {

// Yes: the resolver validates, and what it proves is used (RFC 7672).
enum class Dane : std::uint8_t { No, Yes };

class ExchangeLookup final : public AddressLookup {
 public:
  // An MX host of `our_name`, or at an address of `ours`, is us, and so are those behind it: none of them is tried. `hosts` are
  // asked before DNS, for a recipient's domain too; null: none.
  struct Options {
    std::string our_name;
    const io::HostsFiles* hosts = nullptr;
    Dane dane = Dane::No;
    StsPolicies* sts = nullptr;  // null: no policy is looked for
    ObserveTls observe{};        // told of hosts and policies that failed before any session
    Duration limit = 60s;
    OwnListeners ours{};
  };
  ExchangeLookup(io::Loop& loop, io::Resolver& resolver, Options options);
  Task<Result<std::vector<Candidate>, LookupFailure>> candidates(NextHop hop, Published published = Published::Counts) override;
  Task<std::vector<std::string>> mail_hosts(std::string domain) override;
  // The hosts files, then DNS, as for a next hop.
  Task<http::HostAddresses> host_addresses(std::string host, Deadline deadline);

 private:
  struct Addresses {
    std::vector<io::IpAddress> found;
    bool temporary = false;  // some question had no usable answer
    bool no_such_name = false;
    bool secure = false;  // every answer that brought an address was proved by DNSSEC, aliases included
    std::string canonical;  // the name that has them, where an alias leads to it
    std::string why;
  };
  // What looking all hosts of a hop up has brought so far.
  struct Findings {
    std::vector<Candidate> found;
    bool temporary = false, nothing_exists = true;
    bool secure_so_far = false;  // the way to the hosts' names was proved
    std::string domain;          // the recipients'
    StsAnswer sts;               // its policy
    Published published = Published::Counts;
    std::string not_listed;      // hosts that the policy in force keeps us from
    bool by_mx = false;          // not by a route of the operator's
    bool ourselves = false;      // the host looked up last is us
    std::string why;
  };
  Task<void> add_host(const directory::RouteHost& host, Findings& findings, Deadline deadline);
  Task<void> add_hosts(std::vector<directory::RouteHost> hosts, std::vector<std::uint16_t> preferences, Findings& findings, Deadline deadline);
  // What the hosts files say; empty: nothing.
  [[nodiscard]] std::vector<io::IpAddress> fixed(const std::string& name) const;
  Task<Addresses> addresses(std::string host, Deadline deadline);
  struct Exchanges {
    std::vector<std::string> hosts;
    std::vector<std::uint16_t> preferences;
    bool secure = false;
  };
  Task<Result<Exchanges, LookupFailure>> exchange_hosts(const std::string& domain, Deadline deadline);
  // Under which names the host's TLSA records may stand, in order (RFC 7672 §2.2.2); none: nothing about it is proved.
  Task<std::vector<std::string>> tlsa_bases(std::string host, const Addresses& answer, Deadline deadline);
  // The first of them that has TLSA records, proved; null: none has. A failure: whether it has some cannot be told, so no mail
  // goes to it now.
  Task<Result<std::shared_ptr<const HostTls>, std::string>> published_tls(std::vector<std::string> bases, std::uint16_t port, std::string domain, Deadline deadline);
  // What the domain's policy says of the host; false: it is not to be tried.
  bool apply_sts(const std::string& host, Findings& findings, std::shared_ptr<const HostTls>& tls) const;
  void tell(const Findings& findings, TlsPolicyKind kind, TlsResult result, const std::string& host, const std::string& reason) const;
  Task<void> find_sts(Findings& findings, Deadline deadline);

  io::Loop& loop_;
  io::Resolver& resolver_;
  const Options options_;
  std::minstd_rand random_;
};

}  // namespace hikyaku::delivery
