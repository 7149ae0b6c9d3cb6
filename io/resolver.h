// Resolver: DNS for one loop, over libunbound with a bounded cache of our own in front (a cached answer costs a map
// look-up instead of two thread switches). Answers say why there is nothing: mail is deferred for a failure and
// bounced for a name that does not exist. Names are given as A-labels; a final dot is not needed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "io/dns_rdata.h"
#include "io/loop.h"
#include "io/socket_address.h"

struct ub_result;

namespace hikyaku::io {

enum class DnsOutcome : std::uint8_t {
  Found,
  NoSuchName,        // NXDOMAIN
  NoData,            // the name is there, without records of this type
  TemporaryFailure,  // servers failed or did not answer by the deadline: try later
  Bogus,             // DNSSEC says the answer is forged or broken: treat as a failure, never as an answer
};

template <class Record>
struct DnsAnswer {
  DnsOutcome outcome = DnsOutcome::TemporaryFailure;
  std::vector<Record> records;  // Found only; malformed ones are left out
  std::chrono::seconds ttl{};   // how long this may still be believed
  bool secure = false;          // proved by DNSSEC, every alias on the way included
  std::string canonical;        // Found: the name that has the records, lower case; another than was asked when that is an alias (CNAME)
  std::string why;              // for logs, when there are no records
};

struct ResolverOptions {
  // Ask only these; none: those of /etc/resolv.conf. The one that answers fastest is asked most, one that is silent or fails
  // costs about half a second and is passed over for 15 minutes.
  std::vector<SocketAddress> forwarders;
  std::string hosts_file = "/etc/hosts";   // answers before DNS does; empty: none
  std::string trust_anchors;               // a file of DNSSEC anchors; empty: no validation
  // RFC 6761 names (test., private reverse zones) that are answered locally unless listed here: "test."
  std::vector<std::string> ask_reserved;
  std::size_t cache_limit = 10'000;  // answers
  std::chrono::seconds longest_ttl{3600};
  std::chrono::seconds longest_negative_ttl{300};
};

class Resolver {
 public:
  // Throws std::runtime_error with one sentence when an option cannot be used. Starts a thread at the first question.
  Resolver(Loop& loop, ResolverOptions options);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  // No question may be under way.
  ~Resolver();

  // Not sorted; RFC 5321 §5.1 leaves that to the sender. A single record with an empty host refuses mail (RFC 7505).
  Task<DnsAnswer<MxRecord>> mx(std::string name, Deadline deadline);
  Task<DnsAnswer<IpAddress>> a(std::string name, Deadline deadline);
  Task<DnsAnswer<IpAddress>> aaaa(std::string name, Deadline deadline);
  Task<DnsAnswer<std::string>> ptr(IpAddress address, Deadline deadline);
  // The PTR records of IpAddress::reverse_name().
  Task<DnsAnswer<std::string>> names(std::string reverse_name, Deadline deadline);
  Task<DnsAnswer<TlsaRecord>> tlsa(std::string name, Deadline deadline);
  // The alias itself, not what it leads to: secure tells whether that one record is.
  Task<DnsAnswer<std::string>> cname(std::string name, Deadline deadline);
  Task<DnsAnswer<std::string>> txt(std::string name, Deadline deadline);

  void forget_cache();
  [[nodiscard]] std::size_t cached() const;

 private:
  struct State;
  struct RawAnswer;
  struct Question;
  static void answered(void* question, int error, ub_result* result);
  static Task<void> pump(std::shared_ptr<State> state);
  static Task<RawAnswer> ask(std::shared_ptr<State> state, std::string name, int type, Deadline deadline);
  template <class Record, class Parse>
  static Task<DnsAnswer<Record>> parsed(std::shared_ptr<State> state, std::string name, int type, Deadline deadline,
                                        Parse parse);

  std::shared_ptr<State> state_;
};

}  // namespace hikyaku::io
