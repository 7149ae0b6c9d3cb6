// ExchangeLookup: AddressLookup over the hosts file and DNS, by the rules of RFC 5321 §5.1: MX hosts by preference, the
// domain's own addresses only when there is no MX, nothing at all for a null MX (RFC 7505), never ourselves.
#pragma once

#include <random>

#include "io/hosts_file.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "services/delivery/address_lookup.h"

namespace hikyaku::delivery {

// Yes: the resolver validates, and what it proves is used (RFC 7672).
enum class Dane : std::uint8_t { No, Yes };

class ExchangeLookup final : public AddressLookup {
 public:
  // `our_name`: an MX host of this name is us, and so are those behind it.
  // `hosts` are asked before DNS, for a recipient's domain too; null: none.
  ExchangeLookup(io::Loop& loop, io::Resolver& resolver, std::string our_name, const io::HostsFiles* hosts = nullptr, Dane dane = Dane::No, Duration limit = 60s);
  io::Task<Result<std::vector<Candidate>, LookupFailure>> candidates(NextHop hop) override;
  io::Task<std::vector<std::string>> mail_hosts(std::string domain) override;

 private:
  struct Addresses {
    std::vector<io::IpAddress> found;
    bool temporary = false;  // some question had no usable answer
    bool no_such_name = false;
    bool secure = false;  // every answer that brought an address was proved by DNSSEC
    std::string why;
  };
  // What looking all hosts of a hop up has brought so far.
  struct Findings {
    std::vector<Candidate> found;
    bool temporary = false, nothing_exists = true;
    bool secure_so_far = false;  // the way to the hosts' names was proved
    std::string domain;          // the recipients'
    std::string why;
  };
  io::Task<void> add_host(const directory::RouteHost& host, Findings& findings, Deadline deadline);
  // What the hosts files say; empty: nothing.
  [[nodiscard]] std::vector<io::IpAddress> fixed(const std::string& name) const;
  io::Task<Addresses> addresses(std::string host, Deadline deadline);
  struct Exchanges {
    std::vector<std::string> hosts;
    bool secure = false;
  };
  io::Task<Result<Exchanges, LookupFailure>> exchange_hosts(const std::string& domain, Deadline deadline);
  // The host's TLSA records, proved; null: it has none. A failure: whether it has some cannot be told, so no mail goes to it now.
  io::Task<Result<std::shared_ptr<const HostTls>, std::string>> published_tls(std::string host, std::uint16_t port, std::string domain, Deadline deadline);

  io::Loop& loop_;
  io::Resolver& resolver_;
  const io::HostsFiles* const hosts_;
  const std::string our_name_;
  const Dane dane_;
  const Duration limit_;
  std::minstd_rand random_;
};

}  // namespace hikyaku::delivery
