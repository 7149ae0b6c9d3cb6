// The values of the mailbox store: what a mailbox and a message are to IMAP, POP3 and delivery alike (RFC 9051 §2.3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "mail/account_id.h"
#include "mail/trace_id.h"
#include "storage/engine.h"

namespace hikyaku::mailboxes {

using MailboxId = StrongId<struct MailboxIdTag, std::uint32_t>;  // never given again within its account
using Uid = StrongId<struct UidTag, std::uint32_t>;              // RFC 9051 §2.3.1.1; from 1
using UidValidity = StrongId<struct UidValidityTag, std::uint32_t>;
using ModSeq = StrongId<struct ModSeqTag, std::uint64_t>;        // RFC 7162; from 1, below 2^63

enum class MailboxFailure : std::uint8_t {
  NoSuchMailbox,    // IMAP: NO [NONEXISTENT] (or [TRYCREATE] for APPEND, COPY and MOVE)
  AlreadyExists,    // NO [ALREADYEXISTS]
  NotSelectable,    // \NoSelect: a name that only has children
  BadName,          // NO [CANNOT]: `what` says which rule
  HasChildren,      // NO [HASCHILDREN]
  Protected,        // INBOX can be neither deleted nor unmade; NO [CANNOT]
  NoSuchMessage,    // never was, or expunged and forgotten
  OverQuota,        // NO [OVERQUOTA]; 452 4.2.2 or 552 5.2.2
  LimitReached,     // too many mailboxes, keywords, octets: NO [LIMIT]; `what` names the limit
  Busy,             // others kept changing the same thing, or the deadline passed: try again; nothing was changed
  OutcomeUnknown,   // it may or may not have happened
  NoSpace,          // the disk is full: the operator must act; 452 4.3.1
  Broken,           // damage or a failing device
};

struct MailboxError {
  MailboxFailure kind;
  std::string what;  // one sentence with a remedy
};
template <class T = void>
using MailboxResult = Result<T, MailboxError>;

// ---- flags -----------------------------------------------------------------------------------------------------------

// RFC 9051 §2.3.2. \Recent is no property of a message but of a session: see Snapshot::first_recent.
enum SystemFlag : std::uint8_t { Seen = 1, Answered = 2, Flagged = 4, Deleted = 8, Draft = 16 };

struct Flags {
  std::uint8_t system = 0;             // of SystemFlag
  std::vector<std::string> keywords;   // sorted by ASCII-folded text, no two equal when folded; "$Forwarded", "Junk", ...
  [[nodiscard]] bool has(SystemFlag flag) const { return (system & flag) != 0; }
  friend bool operator==(const Flags&, const Flags&) = default;
};

enum class FlagOperation : std::uint8_t { Replace, Add, Remove };  // FLAGS, +FLAGS, -FLAGS

// ---- mailboxes -------------------------------------------------------------------------------------------------------

inline constexpr char hierarchy_separator = '/';

enum class SpecialUse : std::uint8_t { None, All, Archive, Drafts, Flagged, Junk, Sent, Trash };  // RFC 6154 §2

struct MailboxInfo {
  MailboxId id;
  std::string name;           // UTF-8, '/' between levels; INBOX in upper case
  UidValidity uid_validity;
  SpecialUse special_use = SpecialUse::None;
  bool selectable = true;     // false: \NoSelect, only kept for its children
  bool subscribed = false;
  bool has_children = false;
};

struct MailboxStatus {
  std::uint32_t exists = 0, unseen = 0, deleted = 0;
  std::uint32_t recent = 0;   // messages no session was told of yet
  Uid uid_next;
  UidValidity uid_validity;
  ModSeq highest_modseq;
  std::uint64_t octets = 0;   // of all bodies: STATUS SIZE
};

// ---- messages --------------------------------------------------------------------------------------------------------

// One line of a session's sequence map. `keywords` indexes Snapshot::keyword_sets.
struct SnapshotEntry {
  Uid uid;
  std::uint16_t keywords = 0;
  std::uint8_t system_flags = 0;
  std::uint32_t octets = 0;   // RFC822.SIZE (a body of 4 GiB and more shows as 4 GiB - 1; accepted mail is smaller)
  ModSeq modseq;
};

struct Snapshot {
  MailboxInfo mailbox;
  MailboxStatus status;
  std::vector<SnapshotEntry> entries;                    // ascending uid; the message sequence number is the index + 1
  std::vector<std::vector<std::string>> keyword_sets;    // [0] is the empty set
  ModSeq valid_at;                                       // go on with changes_since(valid_at)
  Uid first_recent;                                      // uids from here on are \Recent to this session (RFC 3501 §2.3.2)
};

struct ChangedMessage {
  Uid uid;
  ModSeq modseq;
  bool expunged = false;   // everything below is empty then
  Flags flags;
  std::uint32_t octets = 0;
};

struct Changes {
  std::vector<ChangedMessage> messages;  // ascending modseq; each message once, with its newest state; new ones included
  ModSeq up_to;                          // go on from here
  bool more = false;                     // the limit was reached: ask again from up_to
  bool complete = true;                  // false: expunges before `since` are forgotten, open() again (QRESYNC: compare UIDs)
  bool mailbox_gone = false;             // deleted or renamed away meanwhile
};

// What never changes of a message, with its flags as they are now.
struct MessageRecord {
  Uid uid;
  Flags flags;
  ModSeq modseq;
  WallTime internal_date{};
  WallTime saved_at{};               // when it came into this mailbox, by a copy too; 0: not known
  std::uint64_t octets = 0;
  std::uint64_t body_checksum = 0;   // base/checksum.h over the whole body
  storage::BlobId blob;
  TraceId trace_id;                  // sequence 0: came by APPEND
  std::string uidl;                  // RFC 1939 §7: 1 to 70 octets 0x21-0x7e, unique in the account for ever
  std::string parsed;                // what save_parsed() kept: protocol/mime's structure and envelope, opaque here
  bool expunged = false;             // another session expunged it; it can still be read for a while
};

struct NewMessage {
  std::string_view body;             // as it is stored: CRLF line ends; read during the call only
  Flags flags;
  WallTime internal_date{};          // 0: now
  TraceId trace_id;
  std::string uidl;                  // empty: made from UIDVALIDITY and UID
  std::string parsed;
};

struct Appended {
  UidValidity uid_validity;
  Uid uid;
  ModSeq modseq;
};

// ---- delivery --------------------------------------------------------------------------------------------------------

// 0: no limit. The limit is the directory's (Account::quota), the usage is kept here.
struct QuotaLimit { std::uint64_t octets = 0, messages = 0; };
struct QuotaUsage { std::uint64_t octets = 0, messages = 0; };

// One copy for one recipient. (trace id, original recipient, mailbox) names it for ever: the same delivery again is
// recognised, also after the user expunged the message, until forget_deliveries().
struct Delivery {
  NewMessage message;                // message.trace_id must be set
  std::string original_recipient;    // the envelope's address before aliases, as text
  std::string mailbox;               // empty: INBOX; a missing one falls back to INBOX
};

struct Delivered {
  enum class How : std::uint8_t { Stored, AlreadyThere, BodyRestored } how = How::Stored;
  std::string mailbox;               // where it really went
  Uid uid;
};

}  // namespace hikyaku::mailboxes
