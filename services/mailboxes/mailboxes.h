// Mailboxes: the one message store behind delivery, IMAP and POP3. A message's record, UID, MODSEQ, change-log entry,
// flags, counters and quota change in one commit of the partition "account/<id>"; its body is a blob beside it.
//
// Every function blocks until its deadline at most: call on workers. Thread-safe; many processes may use one store at
// once. An object holds no open mailbox: what a session needs is in its Snapshot. An account's store is made by its
// first use (INBOX, Sent, Drafts, Trash, Junk, Archive); whether the account exists is the directory's affair.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/mailboxes/types.h"
#include "storage/engine.h"

namespace hikyaku::mailboxes {

struct Options {
  std::uint32_t max_mailboxes = 10'000;           // of one account
  std::uint32_t max_keywords = 64;                // of one message; 100 octets each
  Duration keep_expunged = 1h;                    // how long another session may still read what was expunged
  std::uint32_t keep_expunge_log = 10'000;        // expunges of a mailbox that changes_since() remembers
  std::uint32_t max_parsed_octets = 64 << 10;     // larger ones are not kept (parsed again each time)
  std::uint32_t max_text_octets = 256 << 10;      // decoded text kept for search, of one message
  std::string boot_id;                            // empty: the kernel's; tests that cut the power give their own
};

class Mailboxes {
 public:
  Mailboxes(storage::Engine& engine, const Clock& clock, Options options = {});
  ~Mailboxes();

  // ---- the account -----------------------------------------------------------------------------------------------
  // Makes the store with its default mailboxes, all subscribed. Fine when it is there.
  MailboxResult<> create_account(AccountId account, Deadline deadline);
  // Mail and all. The directory must have forgotten the account first.
  MailboxResult<> remove_account(AccountId account, Deadline deadline);
  MailboxResult<QuotaUsage> usage(AccountId account, Deadline deadline);

  // ---- the list of mailboxes (RFC 9051 §6.3.4 - §6.3.9) ----------------------------------------------------------
  // Names are UTF-8 (modified UTF-7 is IMAP's affair); INBOX is recognised in any case. Sorted by name.
  MailboxResult<std::vector<MailboxInfo>> list(AccountId account, Deadline deadline);
  MailboxResult<MailboxInfo> find(AccountId account, std::string_view name, Deadline deadline);
  // Makes missing parents, as \NoSelect ones. AlreadyExists, BadName, LimitReached. A \NoSelect name becomes selectable.
  MailboxResult<MailboxInfo> create(AccountId account, std::string_view name, SpecialUse use, Deadline deadline);
  // With children the name stays as \NoSelect; a \NoSelect name with children: HasChildren. INBOX: Protected.
  MailboxResult<> remove(AccountId account, std::string_view name, Deadline deadline);
  // Children follow. INBOX: its messages go to the new name and INBOX is empty, its children stay (RFC 9051 §6.3.6).
  MailboxResult<> rename(AccountId account, std::string_view from, std::string_view to, Deadline deadline);
  enum class Subscription : std::uint8_t { No, Yes };
  MailboxResult<> subscribe(AccountId account, std::string_view name, Subscription wanted, Deadline deadline);
  // Every subscribed name, also of mailboxes that are gone (RFC 9051 §6.3.7).
  MailboxResult<std::vector<std::string>> subscriptions(AccountId account, Deadline deadline);

  // ---- one mailbox -----------------------------------------------------------------------------------------------
  // A few counter rows: cost does not depend on the number of messages.
  MailboxResult<MailboxStatus> status(AccountId account, MailboxId mailbox, Deadline deadline);
  enum class RecentMessages : std::uint8_t { Leave, Claim };  // EXAMINE, SELECT
  MailboxResult<Snapshot> open(AccountId account, MailboxId mailbox, RecentMessages recent, Deadline deadline);
  // What changed after `since`: at most `limit` messages. Ask when version() or watch() says that something did.
  MailboxResult<Changes> changes_since(AccountId account, MailboxId mailbox, ModSeq since, std::uint32_t limit,
                                       Deadline deadline);
  // New mail of an open mailbox becomes \Recent to the session that calls this first; the first such UID.
  MailboxResult<Uid> claim_recent(AccountId account, MailboxId mailbox, Deadline deadline);
  // Rises with every change of the account: compare at each command boundary. Cheap.
  MailboxResult<storage::Version> version(AccountId account, Deadline deadline);
  // A hint, on any thread, when the account changed (storage::Engine::watch). Never waits.
  [[nodiscard]] std::unique_ptr<storage::Watch> watch(AccountId account, storage::WatchCallback changed);

  // ---- messages --------------------------------------------------------------------------------------------------
  // IMAP APPEND (and MULTIAPPEND): all or none, durable on return. NoSuchMailbox, NotSelectable, OverQuota.
  MailboxResult<std::vector<Appended>> append(AccountId account, MailboxId mailbox, std::span<const NewMessage> messages,
                                              QuotaLimit quota, Deadline deadline);
  // One write of bodies and one commit for the whole group, one outcome each. Lazy: durable after flush(), which must
  // come before the journal's segment is released.
  std::vector<MailboxResult<Delivered>> deliver_group(AccountId account, std::span<const Delivery> deliveries,
                                                      QuotaLimit quota, storage::Durability durability,
                                                      Deadline deadline);
  // Bodies first, then the index.
  MailboxResult<> flush(AccountId account, Deadline deadline);
  // A hint: nobody here will use the account soon.
  void rest(AccountId account);
  // The journal has released everything of `node` and `journal` below this id: repeated deliveries of it cannot come.
  MailboxResult<> forget_deliveries(AccountId account, const TraceId& below, Deadline deadline);

  // Notes of deliveries of `journal`, whatever the node, for whose message `is_over` answers that it can never be delivered
  // again. For ids that do not rise with time: of mail we generate (TraceId::derived). Reads all notes of that journal.
  using IsOver = std::function<bool(const std::vector<TraceId>& ids, std::vector<bool>& over)>;
  MailboxResult<> forget_deliveries_of(AccountId account, std::uint16_t node, std::uint16_t journal, const IsOver& is_over,
                                       Deadline deadline);

  // UIDs that are not there are passed over. Ascending; `flags` of Changed is what to tell the client.
  struct FlagChange {
    FlagOperation operation = FlagOperation::Add;
    Flags flags;
    ModSeq unchanged_since{~0ULL};   // RFC 7162 §3.1.3: messages changed later are left and named in `modified`
  };
  struct FlagsChanged {
    std::vector<ChangedMessage> changed;  // those with a new modseq
    std::vector<ChangedMessage> same;     // had these flags already
    std::vector<Uid> modified;            // failed unchanged_since
  };
  MailboxResult<FlagsChanged> store_flags(AccountId account, MailboxId mailbox, std::span<const Uid> uids,
                                          const FlagChange& change, Deadline deadline);

  struct Copied {
    UidValidity uid_validity;       // of the target
    std::vector<Uid> from, to;      // pairwise, for COPYUID
  };
  // Bodies are shared. All or none up to `limits().batch_changes / 8` messages; more go in several commits, and the
  // copies made so far are taken back when a later one fails (RFC 9051 §6.4.7).
  MailboxResult<Copied> copy(AccountId account, MailboxId from, std::span<const Uid> uids, MailboxId to, QuotaLimit quota,
                             Deadline deadline);
  // Each message is in exactly one of the two at any instant (RFC 9051 §6.4.8).
  MailboxResult<Copied> move(AccountId account, MailboxId from, std::span<const Uid> uids, MailboxId to,
                             Deadline deadline);
  enum class ExpungeOf : std::uint8_t { DeletedOnly, All };  // EXPUNGE and UID EXPUNGE; POP3 DELE + QUIT
  // Those of `uids` that are \Deleted, or all of `uids`; nullopt: of the whole mailbox (an empty list is nothing at all).
  // Returns what went, ascending, and the highest modseq given. Record first: the body is erased `keep_expunged` later.
  struct Expunged {
    std::vector<Uid> uids;
    ModSeq modseq;
  };
  MailboxResult<Expunged> expunge(AccountId account, MailboxId mailbox, std::optional<std::span<const Uid>> uids,
                                  ExpungeOf which, Deadline deadline);

  // ---- reading ---------------------------------------------------------------------------------------------------
  // NoSuchMessage; also finds what was expunged less than `keep_expunged` ago.
  MailboxResult<MessageRecord> message(AccountId account, MailboxId mailbox, Uid uid, Deadline deadline);
  // The live ones with first <= uid <= last, ascending, at most `limit`.
  MailboxResult<std::vector<MessageRecord>> messages(AccountId account, MailboxId mailbox, Uid first, Uid last,
                                                     std::uint32_t limit, Deadline deadline);
  // At most `octets` from `offset` of the body, fewer at its end.
  MailboxResult<std::string> read_body(AccountId account, const MessageRecord& message, std::uint64_t offset,
                                       std::uint64_t octets, Deadline deadline);
  // Keeps what was computed once. A lost race or a message that is gone is fine; too large: not kept.
  MailboxResult<> save_parsed(AccountId account, MailboxId mailbox, Uid uid, std::string_view parsed, Deadline deadline);
  // Decoded, normalised text for SEARCH; nullopt: not computed yet. Cut at max_text_octets.
  MailboxResult<std::optional<std::string>> search_text(AccountId account, MailboxId mailbox, Uid uid, Deadline deadline);
  MailboxResult<> save_search_text(AccountId account, MailboxId mailbox, Uid uid, std::string_view text,
                                   Deadline deadline);

  // ---- housekeeping (hourly, and by command) ---------------------------------------------------------------------
  struct Collected { std::uint64_t records = 0, bodies = 0; bool more = false; };
  // Forgets expunged messages older than `keep_expunged`, erases their bodies when nothing else shares them, shortens
  // the expunge log.
  MailboxResult<Collected> collect_expunged(AccountId account, Deadline deadline);
  // What time alone will make due, though nobody touches the account. Four look-ups and one for each of `journals`.
  struct Left {
    bool soon = false;  // expunged messages, deleted mailboxes, erasures, notes of mail we generate
    std::vector<std::optional<TraceId>> first_notes;  // of deliveries from each of `journals` (node and journal of an id)
  };
  MailboxResult<Left> what_is_left(AccountId account, std::span<const TraceId> journals, const TraceId& generated, Deadline deadline);
  // Erases the bodies between two marks that no record names: what a crash left between a body's write and its record's commit.
  // `until` must be a body_mark() taken longer ago than the longest deadline ever given to append() or a delivery. Looks at 20,000
  // bodies at most: go on from `next` while there is `more`. Busy: the account changed meanwhile, nothing was erased.
  struct OrphansCollected { std::uint64_t bodies = 0; storage::BlobMark next; bool more = false; };
  MailboxResult<OrphansCollected> collect_orphans(AccountId account, const storage::BlobMark& from, const storage::BlobMark& until,
                                                  Deadline deadline);
  MailboxResult<storage::BlobMark> body_mark(AccountId account, Deadline deadline);

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace hikyaku::mailboxes
