// LocalDelivery: puts copies into mailboxes. What waits for one account goes in one group (one write of bodies, one
// commit), a bounded number of accounts at once; the copies of what is in incoming are lazy, and flushed before
// the spool releases their segment (rule 6 of the spool); those of what is in holding are flushed at once.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

#include "io/loop.h"
#include "io/workers.h"
#include "services/delivery/attempt.h"
#include "services/delivery/in_hand.h"
#include "services/delivery/quota_figures.h"
#include "services/directory/directory.h"
#include "services/mailboxes/mailboxes.h"
#include "services/spool/spool.h"
#include "services/telemetry/log.h"

namespace hikyaku::delivery {

// What becomes of a copy whose mailbox is full: tried again while it is, or returned at once.
enum class WhenFull : std::uint8_t { Defer, Refuse };
// What is said of it, which is the last reply of mail that waits for room.
inline constexpr std::string_view full_mailbox_words = "The mailbox is full.";
// Of a copy in a mailbox: the line that delivery writes above the text is part of it.
[[nodiscard]] std::uint64_t octets_in_mailbox(const Envelope& envelope);

struct LocalJob {
  MessagePointer message;
  std::uint32_t recipient = 0;
  directory::LocalTarget target;
  CauseClock spent{};  // since it was planned
};

class LocalDelivery {
 public:
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    spool::Spool& spool;
    mailboxes::Mailboxes& mailboxes;
    const directory::Reader& directory;
    telemetry::Log& log;
    const Clock& clock;
    QuotaFigures* quotas = nullptr;  // told of accounts that have a limit; null: nobody is
    InHand* in_hand = nullptr;       // told of copies that begin; who gets them from Done tells of their ends. Null: nobody is
  };
  // All of a recipient's time, for the log (Delivery::time_of).
  using TimeOf = std::function<CauseClock(const LocalJob&)>;
  // Called on the loop for each finished job, in no order.
  using Done = std::function<void(const LocalJob&, Attempt)>;
  LocalDelivery(Parts parts, std::uint32_t accounts_at_once, TimeOf time_of, Done done);

  void add(LocalJob job);
  void when_full(WhenFull wanted) { when_full_ = wanted; }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  // The last trouble of our own store, and when.
  struct Trouble {
    WallTime at{};
    std::string what;
  };
  [[nodiscard]] const Trouble& trouble() const { return trouble_; }

 private:
  struct Group {
    AccountId account;
    mailboxes::QuotaLimit quota;
    WhenFull when_full = WhenFull::Defer;
    std::vector<LocalJob> jobs;
    // Filled by the worker, one for each job. Nothing: a trouble of ours, try again.
    std::vector<std::optional<Attempt>> attempts;
    std::string trouble;
  };
  static constexpr std::size_t group_messages = 64;
  static constexpr std::uint64_t group_octets = 4 << 20;

  void start_groups();
  Task<void> deliver(AccountId account);
  Group take_group(AccountId account);
  static void perform(Parts& parts, Group& group);
  void report(const LocalJob& job, Attempt attempt);

  Parts parts_;
  const std::uint32_t accounts_at_once_;
  TimeOf time_of_;
  Done done_;
  WhenFull when_full_ = WhenFull::Defer;
  std::unordered_map<AccountId, std::deque<LocalJob>> queues_;  // of accounts that wait or are worked on
  std::deque<AccountId> ready_;
  std::uint32_t running_ = 0;
  std::size_t waiting_ = 0;
  Trouble trouble_;
};

}  // namespace hikyaku::delivery
