// StsPolicies: which MTA-STS policy counts for a domain now (RFC 8461). It looks at the domain's record whenever it is asked,
// fetches a policy whose id is new, keeps what it fetched on disk, and fetches anew long before max_age is over, so that a
// policy known once is not lost by looking away. A policy that is known counts whatever DNS and HTTPS say meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "io/event.h"
#include "io/resolver.h"
#include "io/workers.h"
#include "services/delivery/tls/sts_store.h"
#include "services/http_client/client.h"
#include "services/telemetry/log.h"

namespace hikyaku::delivery {

// Why no policy could be had (RFC 8460 §4.3.2.2 names them so).
enum class StsTrouble : std::uint8_t { None, Fetch, Invalid, Certificate };

struct StsAnswer {
  KnownPolicyPointer known;  // null: none counts
  StsTrouble trouble = StsTrouble::None;  // a policy is announced that could not be had; `known` may be an older one
  std::string why;           // of the trouble
};

class StsPolicies {
 public:
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    io::Disk& disk;
    std::string folder;  // made when the first policy comes
    telemetry::Log& log;
    const Clock& clock;
    std::function<Task<io::DnsAnswer<std::string>>(std::string name, Deadline deadline)> txt;
    std::function<Task<Result<http::ClientAnswer, http::ClientError>>(http::ClientRequest request, Deadline deadline)> fetch;
    std::function<bool()> enabled;
  };
  explicit StsPolicies(Parts parts) : parts_(std::move(parts)) {}
  StsPolicies(const StsPolicies&) = delete;
  StsPolicies& operator=(const StsPolicies&) = delete;

  // Before the first question; blocks on the disk.
  void load() { store_.load(parts_.disk, parts_.folder, parts_.clock.wall()); }
  // `domain` is canonical. Waits for a record at most 5 s and for a policy at most 20 s; a fetch goes on beyond that, one for
  // all who ask. What failed is not fetched again for 5 minutes.
  Task<StsAnswer> policy_for(std::string domain, Deadline deadline);
  // Fetches again what is a day old (or half its life), forgets what has expired. Until the loop stops.
  Task<void> run();
  // One round of it.
  Task<void> refresh();
  [[nodiscard]] std::size_t size() const { return store_.size(); }

 private:
  struct Fetching {
    io::Event changed;
    bool done = false;
    StsAnswer answer;
  };
  struct Failed {
    std::string id;
    Instant until{};
    StsTrouble trouble = StsTrouble::None;
    std::string why;
  };
  Task<void> fetch(std::string domain, std::string id, std::shared_ptr<Fetching> fetching);
  Task<StsAnswer> fetched(const std::string& domain, const std::string& id);
  Task<StsAnswer> wait_for(std::string domain, std::string id, Deadline deadline);
  Task<void> keep(KnownPolicyPointer known);
  Task<void> remove_files(std::vector<std::string> domains);
  StsAnswer failed(const std::string& domain, const std::string& id, StsTrouble trouble, std::string why);

  Parts parts_;
  StsStore store_;
  std::unordered_map<std::string, std::shared_ptr<Fetching>> fetching_;
  std::unordered_map<std::string, Failed> failed_;
};

}  // namespace hikyaku::delivery
