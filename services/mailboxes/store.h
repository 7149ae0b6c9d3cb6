// Store: one account's partition during one call, with the engine's failures put in the mailboxes' words. Internal.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <span>
#include <vector>

#include "services/mailboxes/keys.h"
#include "services/mailboxes/mailboxes.h"
#include "services/mailboxes/records.h"

namespace hikyaku::mailboxes {

using Batch = std::vector<storage::Change>;

[[nodiscard]] MailboxError to_mailbox_error(const storage::StoreError& error);
[[nodiscard]] std::unexpected<MailboxError> fail(MailboxFailure kind, std::string what);
[[nodiscard]] storage::RequestId new_request_id();  // 128 random bits

class Store {
 public:
  Store(storage::Engine& engine, AccountId account, Deadline deadline)
      : engine_(engine), partition_(account_partition(account)), deadline_(deadline) {}

  MailboxResult<std::optional<std::string>> get(std::string_view key) const;
  MailboxResult<std::uint64_t> count(std::string_view key) const;
  // Every row with from <= key < until, page by page; `visit` returns false to stop.
  MailboxResult<> scan(std::string from, std::string until, const std::function<bool(const storage::Row&)>& visit) const;
  MailboxResult<> scan_prefix(std::string prefix, const std::function<bool(const storage::Row&)>& visit) const;
  // A conflict is Busy: with_retries() reads again and decides again. Repeats itself while the outcome is unknown.
  MailboxResult<storage::Committed> commit(Batch changes, storage::Durability durability) const;

  MailboxResult<std::pair<std::string, MailboxRow>> mailbox(MailboxId id) const;  // the row's octets too, to expect them
  MailboxResult<std::optional<NameRow>> name(std::string_view name) const;
  struct Message {
    Uid uid;
    std::string flags_octets;
    FlagsRow flags;
  };
  // The live ones among `uids`, ascending, each once.
  MailboxResult<std::vector<Message>> flags_of(MailboxId mailbox, std::span<const Uid> uids) const;
  MailboxResult<std::optional<MessageRow>> message(MailboxId mailbox, Uid uid) const;

  [[nodiscard]] storage::Engine& engine() const { return engine_; }
  [[nodiscard]] const storage::PartitionName& partition() const { return partition_; }
  [[nodiscard]] Deadline deadline() const { return deadline_; }

 private:
  storage::Engine& engine_;
  storage::PartitionName partition_;
  Deadline deadline_;
};

class NumberReserve;

struct Mailboxes::Core {
  storage::Engine& engine;
  const Clock& clock;
  Options options;
  std::unique_ptr<NumberReserve> numbers;

  // Runs `attempt` again while it answers Busy and the deadline has not passed.
  template <class Attempt>
  auto with_retries(Deadline deadline, Attempt attempt) const -> decltype(attempt()) {
    for (int tries = 0;; ++tries) {
      auto result = attempt();
      if (result || result.error().kind != MailboxFailure::Busy || tries == 100 || clock.now() >= deadline) return result;
      pause_before_retry(tries);
    }
  }
  static void pause_before_retry(int tries);
};

// ---- building batches ------------------------------------------------------------------------------------------------

// Counts what a batch does to a mailbox and to the quota, and adds the counter changes at its end.
struct Tally {
  std::int64_t exists = 0, unseen = 0, deleted = 0, octets = 0, gone = 0;
  void add(const FlagsRow& row, int sign);
  void add_flags(const Flags& flags, int sign);
  void finish(Batch& batch, MailboxId mailbox) const;
};
enum class Quota : std::uint8_t { Counts, IsUnchanged };
void finish_quota(Batch& batch, const Tally& tally);

void expect(Batch& batch, std::string key, std::string value);
void expect_absent(Batch& batch, std::string key);
// The next modseq of the mailbox, for rows that name it by Placeholder::of.
storage::Allocate next_modseq(MailboxId mailbox);
// Rows of a new message in `mailbox`: uids.rows get the flags, message and change row; the modseq is that of the
// batch's Allocate number `modseq_allocate`.
void add_message_rows(storage::Allocate& uids, std::uint32_t number, MailboxId mailbox, const FlagsRow& flags,
                      const MessageRow& message, std::uint8_t modseq_allocate);

enum class ChangeKind : char { Changed = 0, Expunged = 1 };
std::string change_value(ChangeKind kind);

}  // namespace hikyaku::mailboxes
