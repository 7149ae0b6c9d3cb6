// AddressLookup: from a next hop to the addresses to try, in order. The rules (MX preference, A only without MX, null MX,
// loops to ourselves) are those of RFC 5321 §5.1 and RFC 7505; the questions go to the hosts file and DNS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "io/dns_rdata.h"
#include "io/socket_address.h"
#include "services/delivery/next_hop.h"
#include "services/delivery/retry_policy.h"
#include "services/delivery/tls/sts_store.h"

namespace hikyaku::delivery {

// What is published about TLS with a host.
struct HostTls {
  enum class By : std::uint8_t {
    Dane,        // its owner's TLSA records, proved by DNSSEC (RFC 7672): no mail goes to it without
    Sts,         // the domain's policy (RFC 8461), by authorities and the host's name: no mail without
    StsTesting,  // the same, but a failure is only counted
  } by = By::Dane;
  std::string name;                  // whom the certificate must be for: the host, or where its alias leads (RFC 7671 §7)
  std::vector<io::TlsaRecord> tlsa;  // Dane only
  std::string domain;                // the recipients': a name that a DANE authority's certificate may have too
  KnownPolicyPointer sts;            // Sts and StsTesting
  bool listed = true;                // by the policy; of StsTesting only a host may be that is not

  [[nodiscard]] bool demanded() const { return by != By::StsTesting; }
};

// Whether what is published about TLS is looked for. Waived: the sender wants the mail to arrive rather (RFC 8689 §4.2.2).
enum class Published : std::uint8_t { Counts, Waived };

struct Candidate {
  io::SocketAddress address;
  std::string host;  // for SNI, logs and bounces
  std::shared_ptr<const HostTls> tls;  // null: nothing published
  bool vouched = true;  // the way to its name was proved by DNSSEC or the domain's policy, or the operator named it
};

struct LookupFailure {
  FailureClass failure = FailureClass::NoAnswer;  // Refused: this name takes no mail, for good. Tls: no host may get it by the policy
  std::string status;       // "5.1.10", "4.4.3"
  std::string explanation;  // one sentence
};

class AddressLookup {
 public:
  virtual ~AddressLookup() = default;
  // At least one candidate, at most 20. The object must outlive the task.
  virtual Task<Result<std::vector<Candidate>, LookupFailure>> candidates(NextHop hop, Published published = Published::Counts) = 0;
  // The MX hosts of a domain in any order; empty: DNS did not say (candidates() tells why), or there are none.
  virtual Task<std::vector<std::string>> mail_hosts(std::string domain) = 0;
};

}  // namespace hikyaku::delivery
