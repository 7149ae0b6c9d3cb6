// AddressLookup: from a next hop to the addresses to try, in order. The rules (MX preference, A only without MX, null MX,
// loops to ourselves) are those of RFC 5321 §5.1 and RFC 7505; the questions go to the hosts file and DNS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/dns_rdata.h"
#include "io/socket_address.h"
#include "io/task.h"
#include "services/delivery/next_hop.h"
#include "services/delivery/retry_policy.h"

namespace hikyaku::delivery {

// What the host's owner has published about TLS with it; no mail goes to it without.
struct HostTls {
  std::vector<io::TlsaRecord> tlsa;  // proved by DNSSEC (RFC 7672); empty: by authorities and the host's name (MTA-STS)
  std::string domain;                // the recipients': a name that a DANE authority's certificate may have too
};

struct Candidate {
  io::SocketAddress address;
  std::string host;  // for SNI, logs and bounces
  std::shared_ptr<const HostTls> tls;  // null: nothing published
};

struct LookupFailure {
  FailureClass failure = FailureClass::NoAnswer;  // Refused: this name takes no mail, for good
  std::string status;       // "5.1.10", "4.4.3"
  std::string explanation;  // one sentence
};

class AddressLookup {
 public:
  virtual ~AddressLookup() = default;
  // At least one candidate, at most 20. The object must outlive the task.
  virtual io::Task<Result<std::vector<Candidate>, LookupFailure>> candidates(NextHop hop) = 0;
  // The MX hosts of a domain in any order; empty: DNS did not say (candidates() tells why), or there are none.
  virtual io::Task<std::vector<std::string>> mail_hosts(std::string domain) = 0;
};

}  // namespace hikyaku::delivery
