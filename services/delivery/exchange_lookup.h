// ExchangeLookup: AddressLookup over the hosts file and DNS, by the rules of RFC 5321 §5.1: MX hosts by preference, the
// domain's own addresses only when there is no MX, nothing at all for a null MX (RFC 7505), never ourselves.
#pragma once

#include <random>

#include "io/loop.h"
#include "io/resolver.h"
#include "services/delivery/address_lookup.h"

namespace hikyaku::delivery {

class ExchangeLookup final : public AddressLookup {
 public:
  // `our_name`: an MX host of this name is us, and so are those behind it.
  ExchangeLookup(io::Loop& loop, io::Resolver& resolver, std::string our_name, Duration limit = 60s);
  io::Task<Result<std::vector<Candidate>, LookupFailure>> candidates(NextHop hop) override;
  io::Task<std::vector<std::string>> mail_hosts(std::string domain) override;

 private:
  struct Addresses {
    std::vector<io::IpAddress> found;
    bool temporary = false;  // some question had no usable answer
    bool no_such_name = false;
    std::string why;
  };
  // What looking all hosts of a hop up has brought so far.
  struct Findings {
    std::vector<Candidate> found;
    bool temporary = false, nothing_exists = true;
    std::string why;
  };
  io::Task<void> add_host(const directory::RouteHost& host, Findings& findings, Deadline deadline);
  io::Task<Addresses> addresses(std::string host, Deadline deadline);
  io::Task<Result<std::vector<std::string>, LookupFailure>> exchange_hosts(const std::string& domain, Deadline deadline);

  io::Loop& loop_;
  io::Resolver& resolver_;
  const std::string our_name_;
  const Duration limit_;
  std::minstd_rand random_;
};

}  // namespace hikyaku::delivery
