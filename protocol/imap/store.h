// What a session asks of the mailbox store, and what it is told: plain data, so that the same session runs under a
// socket, a table test and a fuzzer. Each request names its Answer; every request may be answered by Trouble instead.
// Names are UTF-8 (mailbox_name.h), UIDs and MODSEQs are the store's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "protocol/imap/search_keys.h"
#include "protocol/imap/values.h"

namespace hikyaku::imap {

// A mailbox for as long as it exists, whatever it is called: MAILBOXID (RFC 8474).
using MailboxKey = std::uint64_t;

enum class TroubleKind : std::uint8_t {
  NoSuchMailbox,   // [NONEXISTENT], [TRYCREATE] where a CREATE would help
  AlreadyExists,   // [ALREADYEXISTS]
  NotAllowed,      // [CANNOT]: such a name or such a change is never possible
  HasChildren,     // [HASCHILDREN]
  OverQuota,       // [OVERQUOTA]
  TooLarge,        // [TOOBIG] the message, [LIMIT] another bound of the store
  UseTaken,        // [USEATTR]: the special use cannot be given
  ReadOnly,        // [READ-ONLY]: the mailbox was opened with EXAMINE
  Gone,            // the open mailbox was deleted: the session ends
  NoSuchMessage,   // [EXPUNGEISSUED]
  InUse,           // [INUSE]: somebody else's lock, try again
  Unavailable,     // [UNAVAILABLE]: our own trouble, nothing was changed
  OutcomeUnknown,  // [SERVERBUG]: our own trouble, it may have been changed
};
struct Trouble {
  TroubleKind kind = TroubleKind::Unavailable;
  std::string what;  // for the log, not for the client
};
struct Done {};

// ---- mailboxes ----------------------------------------------------------------------------------------------------

struct ListedMailbox {
  std::string name;
  MailboxKey key = 0;
  std::uint8_t special_use = UseNone;  // bits of SpecialUse
  bool exists = true;                  // false: only subscribed to
  bool selectable = true;              // false: there is no mailbox, but some below it
  bool subscribed = false;
};
struct MailboxList {
  std::vector<ListedMailbox> mailboxes;  // any order
};
struct ListMailboxes { using Answer = MailboxList; };

struct MailboxStatus {
  MailboxKey key = 0;
  std::uint32_t messages = 0, recent = 0, unseen = 0, deleted = 0;
  std::uint32_t uid_next = 1, uid_validity = 1;
  std::uint64_t size_octets = 0, highest_modseq = 1;
};
struct GetStatus { using Answer = MailboxStatus; std::string name; };

struct Created { MailboxKey key = 0; };
struct CreateMailbox { using Answer = Created; std::string name; std::uint8_t special_use = UseNone; };
struct DeleteMailbox { using Answer = Done; std::string name; };
struct RenameMailbox { using Answer = Done; std::string from, to; };
enum class Subscription : std::uint8_t { Off, On };
struct Subscribe { using Answer = Done; std::string name; Subscription state = Subscription::On; };

// ---- an open mailbox ----------------------------------------------------------------------------------------------

enum class Access : std::uint8_t { ReadWrite, ReadOnly };
struct Opened {
  MailboxKey key = 0;
  Access access = Access::ReadWrite;
  std::uint32_t uid_validity = 1, uid_next = 1;
  std::uint64_t highest_modseq = 1;   // Refresh goes on from here
  std::vector<NumberRange> uids;      // ascending
  std::vector<std::string> keywords;  // in use, or ever used, here
  std::uint32_t first_unseen_uid = 0; // 0: all are seen
  std::uint32_t recent_from_uid = 0;  // from this UID on no session was told before; 0: none
};
struct OpenMailbox { using Answer = Opened; std::string name; Access access = Access::ReadWrite; };

struct ChangedFlags {
  std::uint32_t uid = 0;
  std::uint64_t modseq = 0;
  MessageFlags flags;
};
// What happened since the session looked last.
struct Changes {
  std::uint64_t highest_modseq = 1;  // ask from here next time
  std::uint32_t uid_next = 1;
  std::vector<NumberRange> arrived;   // UIDs from the asked uid_next on, ascending
  NumberSet expunged;                 // may name UIDs the session never had
  std::vector<ChangedFlags> changed;  // of messages that are there; of new ones those with keywords, the others or not
  std::uint32_t recent_from_uid = 0;  // as in Opened, of the arrived ones
  bool more = false;                  // the answer was cut at a bound: ask again from highest_modseq
};
// An idle mailbox is answered without touching the disk.
struct Refresh {
  using Answer = Changes;
  MailboxKey mailbox = 0;
  std::uint64_t since_modseq = 0;
  std::uint32_t uid_next = 1;
  Access access = Access::ReadWrite;
};

// All UIDs expunged after `since_modseq`, as far as the store remembers (QRESYNC, RFC 7162 §3.2.5); when it does not
// reach that far back, all UIDs of `among` that are not there.
struct Vanished { NumberSet uids; };
struct FindVanished {
  using Answer = Vanished;
  MailboxKey mailbox = 0;
  std::uint64_t since_modseq = 0;
  NumberSet among;
};

// ---- messages -----------------------------------------------------------------------------------------------------

enum RecordNeed : std::uint8_t { NeedFlags = 0, NeedStructure = 1, NeedHeader = 2 };
struct MessageRecord {
  std::uint32_t uid = 0;
  std::uint64_t modseq = 0;
  MessageFlags flags;
  WallTime internal_date{};
  std::optional<WallTime> save_date;  // RFC 8514
  std::uint64_t size_octets = 0;
  std::string email_id;               // RFC 8474 EMAILID; empty: none
  std::string structure;              // NeedStructure: mime::Structure::encode()
  std::string header;                 // NeedHeader: the message's header, empty line included
  std::string trouble;                // why what is needed of its text cannot be read; empty: it is here
};
struct Records {
  std::vector<MessageRecord> records;  // ascending by UID
  // All asked UIDs up to this one are answered (or the store has them no more); a bound may cut an answer short.
  std::uint32_t answered_up_to = 0;
};
struct FetchRecords {
  using Answer = Records;
  MailboxKey mailbox = 0;
  NumberSet uids;
  std::uint8_t needs = NeedFlags;       // bits of RecordNeed
  std::uint64_t changed_since = 0;      // only those with a greater MODSEQ
};
struct Octets { std::string octets; };
// Exactly `octets` octets, or fewer at the end of the message.
struct ReadBody {
  using Answer = Octets;
  MailboxKey mailbox = 0;
  std::uint32_t uid = 0;
  std::uint64_t offset = 0;
  std::uint32_t octets = 0;
};

struct FlagsStored {
  std::vector<ChangedFlags> changed;  // ascending by UID; those whose flags were as wanted already included
  NumberSet modified;                 // refused by unchanged_since
};
struct StoreFlags {
  using Answer = FlagsStored;
  MailboxKey mailbox = 0;
  NumberSet uids;
  StoreMode mode = StoreMode::Add;
  MessageFlags flags;
  std::optional<std::uint64_t> unchanged_since;
};

struct Found {
  NumberSet uids;
  std::uint64_t highest_modseq = 0;  // the greatest MODSEQ among them
};
struct SearchMailbox {
  using Answer = Found;
  MailboxKey mailbox = 0;
  NumberSet among;                       // the session's messages
  std::shared_ptr<const SearchKey> key;  // numbers already turned into UIDs
};

struct Expunge {
  using Answer = Done;  // the next Refresh tells what went
  MailboxKey mailbox = 0;
  std::optional<NumberSet> uids;  // nothing: every \Deleted message
};

enum class Originals : std::uint8_t { Keep, Remove };  // COPY, MOVE
struct Copied {
  std::uint32_t uid_validity = 0;
  std::vector<NumberRange> from, to;  // the n-th UID of `from` became the n-th of `to`; UIDs in the order copied
};
struct CopyMessages {
  using Answer = Copied;
  MailboxKey mailbox = 0;
  NumberSet uids;
  std::string to;
  Originals originals = Originals::Keep;
};

// ---- APPEND -------------------------------------------------------------------------------------------------------

// Starts one message; several before one AppendCommit are MULTIAPPEND (RFC 3502): all or none.
struct AppendStart {
  using Answer = Done;
  std::string mailbox;
  std::uint64_t octets = 0;
  MessageFlags flags;
  std::optional<WallTime> internal_date;
};
struct AppendData { using Answer = Done; std::string octets; };
struct Appended { std::uint32_t uid_validity = 0; NumberSet uids; };
struct AppendCommit { using Answer = Appended; };
struct AppendAbort { using Answer = Done; };

// ---- quota --------------------------------------------------------------------------------------------------------

struct Quota {
  std::uint64_t used_octets = 0, used_messages = 0;
  std::optional<std::uint64_t> limit_octets, limit_messages;
};
struct GetQuota { using Answer = Quota; };

using StoreRequest =
    std::variant<ListMailboxes, GetStatus, CreateMailbox, DeleteMailbox, RenameMailbox, Subscribe, OpenMailbox, Refresh,
                 FindVanished, FetchRecords, ReadBody, StoreFlags, SearchMailbox, Expunge, CopyMessages, AppendStart,
                 AppendData, AppendCommit, AppendAbort, GetQuota>;
using StoreAnswer = std::variant<Trouble, Done, MailboxList, MailboxStatus, Created, Opened, Changes, Vanished, Records,
                                 Octets, FlagsStored, Found, Copied, Appended, Quota>;

}  // namespace hikyaku::imap
