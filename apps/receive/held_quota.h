// HeldQuota: how much mail one account may have on hold (FUTURERELEASE, RFC 4865 §6), kept by whoever takes it. `deliver` says
// every few seconds what waits (services/delivery/held_figures.h); what was taken here a moment ago is counted with what
// was said before it came, so that it counts at once and never twice. While deliver is away, and nobody vouches for what waits,
// what was taken counts alone: reception never refuses on what nobody vouches for.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "mail/account_id.h"
#include "protocol/smtp/reply.h"
#include "services/directory/quota_page.h"

namespace hikyaku::receive {

// RFC 4865 §6; 552 as RFC 5321 §4.2.3 has it: exceeded storage allocation.
inline const smtp::Reply held_quota_reply{552, {5, 7, 16}, "Too much mail of yours is held for a later time already"};

// Thread-safe. Memory: 32 octets for each held message taken in the last `told_after`, or since deliver went away.
class HeldQuota {
 public:
  struct Limit {
    std::uint64_t messages = 0, octets = 0;  // 0: none
  };
  static constexpr Duration told_after = 15s;  // three looks of deliver's: then what it says includes it

  explicit HeldQuota(std::string page) : page_(std::move(page)) {}

  // Whether one more message of `octets` (0: not known yet) has room.
  [[nodiscard]] bool has_room(AccountId account, const Limit& limit, std::uint64_t octets, Instant now);
  // The same, and counts it if so, at once for all sessions.
  [[nodiscard]] bool enter(AccountId account, const Limit& limit, std::uint64_t octets, Instant now);
  // It was not taken after all.
  void leave(AccountId account, std::uint64_t octets);

 private:
  struct Taken {
    Instant at;
    std::uint64_t octets = 0;
    directory::QuotaUsed said{};  // before it came
  };
  // At least what is on hold: what is said now, or was said before one that was taken, with it and those after it.
  [[nodiscard]] directory::QuotaUsed used(AccountId account, directory::QuotaUsed said) const;
  bool fits(AccountId account, const Limit& limit, std::uint64_t octets, directory::QuotaUsed said, Instant now);
  void forget_told(Instant now);

  std::mutex mutex_;
  directory::QuotaReader page_;
  std::unordered_map<AccountId, std::deque<Taken>> taken_;  // none is empty
  Instant forgotten_{};
};

}  // namespace hikyaku::receive
