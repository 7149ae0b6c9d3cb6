// Rates: how many recipients an account, a client, its network or a sender's domain may name in a time, with a burst. Token buckets: a bucket holds
// `burst`, and gets `count` back in each `period`, evenly.
//
// In memory, bounded; what is idle long enough to be full again is forgotten, a little with each call. While it does, a call costs some 20 us. Not for several threads; callers lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace hikyaku::policy {

enum class RateOf : std::uint8_t {
  Account,       // who logged in
  Client,        // an address (IPv6: its /64)
  Network,       // /24, /64
  SenderDomain,  // of the reverse-path
  AccountDomain,  // of who logged in: all accounts of the domain together
};
[[nodiscard]] std::string_view rate_name(RateOf of);  // "account"

struct Rate {
  RateOf of = RateOf::Account;
  std::uint64_t count = 0, burst = 0;
  std::chrono::seconds period{};
  friend bool operator==(const Rate&, const Rate&) = default;
};
// "account 300/1h", "client 60/1m burst 200". Nothing: neither. Counts of 1 to 1,000,000 in 1 s to 7 days.
[[nodiscard]] std::optional<Rate> parse_rate(std::string_view text);
[[nodiscard]] std::string rate_text(const Rate& rate);

// Who names a recipient; a text that is empty is not counted.
struct RateSubject {
  std::string account, client, network, sender_domain, account_domain;
};

class Rates {
 public:
  static constexpr std::size_t most_buckets = 200'000;  // beyond it nobody new is counted until some are full again

  // Buckets of rates that are still there go on.
  void set(std::vector<Rate> rates);
  struct Over {
    Rate rate;
    std::string who;
    std::chrono::seconds again_in{};  // until there is room for one
  };
  // Takes one from each bucket of the subject, or nothing from any: then which is empty.
  std::optional<Over> take(const RateSubject& subject, Instant now);
  [[nodiscard]] std::size_t buckets() const;

  // Who has used most of what he may, of each rate, at most `most` in all. Costs what there is.
  struct Used {
    Rate rate;
    std::string who;
    std::uint64_t used = 0;            // of the burst
    std::chrono::seconds again_in{};   // zero: there is room now
  };
  [[nodiscard]] std::vector<Used> fullest(Instant now, std::size_t most) const;

 private:
  struct Bucket {
    double tokens = 0;
    Instant at{};
  };
  using Buckets = std::unordered_map<std::string, Bucket>;  // by who
  struct Counted {
    Rate rate;
    Buckets buckets;
  };
  [[nodiscard]] static const std::string& who_of(const Rate& rate, const RateSubject& subject);
  [[nodiscard]] static double filled(const Rate& rate, const Bucket& bucket, Instant now);
  void forget_full(Instant now);
  static std::size_t forget_full(const Rate& rate, Buckets& buckets, std::size_t place, Instant now);

  std::vector<Counted> counted_;
  Instant tended_{};               // when the walk over all of them began
  std::size_t tended_rate_ = 0, tended_place_ = 0;  // how far it came; behind the last rate: it is done
};

}  // namespace hikyaku::policy
