// The values of the rows named in keys.h, and their durable form. Every value opens with its format, so that a newer
// program reads an older store.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/mailboxes/types.h"

namespace hikyaku::mailboxes {

struct MailboxRow {
  std::string name;
  UidValidity uid_validity;
  SpecialUse special_use = SpecialUse::None;
  bool selectable = true;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<MailboxRow> decode(std::string_view bytes);
};

// The value of a name row: what delivery must know without reading the mailbox row.
struct NameRow {
  MailboxId id;
  UidValidity uid_validity;
  bool selectable = true;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<NameRow> decode(std::string_view bytes);
};

// What a session needs of each message, apart from the rest so that opening a mailbox reads little.
struct FlagsRow {
  static constexpr std::uint32_t modseq_at = 0;  // 8 octets big-endian: the engine writes it there
  ModSeq modseq;
  std::uint32_t octets = 0;
  Flags flags;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<FlagsRow> decode(std::string_view bytes);
};

struct MessageRow {
  WallTime internal_date{};
  WallTime saved_at{};  // when it came into this mailbox (RFC 8514); 0: stored by a release that did not keep it
  std::uint64_t octets = 0, body_checksum = 0;
  storage::BlobId blob;
  TraceId trace_id;
  UidValidity uid_validity;  // with the uid, its UIDL when none was given
  std::string uidl, parsed;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<MessageRow> decode(std::string_view bytes);
};

// A message row that was expunged, with when and what its last flags were.
struct ExpungedRow {
  WallTime at{};
  FlagsRow flags;
  MessageRow message;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<ExpungedRow> decode(std::string_view bytes);
};

struct DeliveryRow {
  static constexpr std::uint32_t uid_at = 5;  // 4 octets big-endian: the engine writes it there
  MailboxId mailbox;
  Uid uid;
  std::string mailbox_name;
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<DeliveryRow> decode(std::string_view bytes);
};

[[nodiscard]] MessageRecord to_record(Uid uid, const FlagsRow& flags, MessageRow message);

// Sorted, folded duplicates dropped, at most `max` of at most 100 octets; what is no IMAP atom is dropped as well.
[[nodiscard]] std::vector<std::string> normal_keywords(std::vector<std::string> keywords, std::size_t max);
[[nodiscard]] Flags apply(FlagOperation operation, const Flags& to, const Flags& change, std::size_t max_keywords);

}  // namespace hikyaku::mailboxes
