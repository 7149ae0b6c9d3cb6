// TlsBook: how TLS with other domains went, by UTC day, domain and policy (RFC 8460 §4). Counted in memory; the book's text is
// the file that outlives restarts, and people can read it. Bounded: what is beyond a bound is counted without details.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/delivery/tls/tls_observation.h"

namespace hikyaku::delivery {

struct TlsFailureCount {
  TlsResult result = TlsResult::ValidationFailure;
  std::string host, address, source, reason;  // as of the observation
  std::uint64_t sessions = 0;
  friend bool operator==(const TlsFailureCount&, const TlsFailureCount&) = default;
};

struct TlsPolicyCount {
  TlsPolicyKind kind = TlsPolicyKind::NotFound;
  std::vector<std::string> policy;  // its lines, or TLSA records
  std::uint64_t good = 0, failed = 0;
  std::vector<TlsFailureCount> failures;  // at most most_failures; `failed` counts all
  friend bool operator==(const TlsPolicyCount&, const TlsPolicyCount&) = default;
};

using UtcDay = std::chrono::sys_days;

class TlsBook {
 public:
  static constexpr std::size_t most_domains = 10'000;  // of a day
  static constexpr std::size_t most_policies = 10, most_failures = 50;
  static constexpr std::size_t most_days = 7;  // older ones are dropped: nobody took their reports
  using Day = std::map<std::string, std::vector<TlsPolicyCount>>;

  void count(const TlsObservation& seen, WallTime now);
  [[nodiscard]] const std::map<UtcDay, Day>& days() const { return days_; }
  void remove(UtcDay day, const std::string& domain);
  // Changes with every count and removal.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  [[nodiscard]] std::string text() const;
  // The same text by pieces, for who must not be busy with it for long: of a full book it has many MB. What is counted between
  // two pieces is in it or not, domain by domain.
  class Place {
    friend class TlsBook;
    bool begun_ = false;
    std::optional<std::pair<UtcDay, std::string>> done_;  // the last that was written
  };
  // Adds whole domains to `out` until about `octets` were added. False: that was the last.
  bool add_text(std::string& out, Place& place, std::size_t octets) const;
  // What can be understood of a text; anything else is passed over. Linear.
  [[nodiscard]] static TlsBook parse(std::string_view text);

 private:
  std::map<UtcDay, Day> days_;
  std::uint64_t version_ = 0;
};

[[nodiscard]] std::string day_text(UtcDay day);  // "2026-11-22"

}  // namespace hikyaku::delivery
