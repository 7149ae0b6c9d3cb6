// What a FETCH asks for (RFC 9051 §6.4.5, RFC 3501 §6.4.5, RFC 7162, RFC 8474, RFC 8514), parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/imap/grammar.h"

namespace hikyaku::imap {

enum class FetchKind : std::uint8_t {
  Flags, Uid, InternalDate, Size, ModSeq, EmailId, ThreadId, SaveDate,
  Envelope, Body, BodyStructure,
  Section,     // BODY[...], BODY.PEEK[...], RFC822, RFC822.HEADER, RFC822.TEXT
  Binary,      // BINARY[...], BINARY.PEEK[...]
  BinarySize,  // BINARY.SIZE[...]
};

enum class SectionPart : std::uint8_t { Whole, Header, HeaderFields, HeaderFieldsNot, Text, Mime };

struct Partial {
  std::uint64_t origin = 0, octets = 0;
};

struct FetchItem {
  FetchKind kind = FetchKind::Flags;
  std::vector<std::uint32_t> path;  // part numbers
  SectionPart part = SectionPart::Whole;
  std::vector<std::string> fields;  // HeaderFields, HeaderFieldsNot
  std::optional<Partial> partial;
  bool sets_seen = false;
  std::string label;                // as the response names it: "BODY[1.2]<0>", "RFC822.SIZE"
};

struct FetchCommand {
  SequenceSet set;
  std::vector<FetchItem> items;
  std::optional<std::uint64_t> changed_since;  // RFC 7162 §3.1.4.1
  bool vanished = false;                       // RFC 7162 §3.2.6
};

constexpr std::size_t fetch_items_limit = 200;
constexpr std::size_t part_depth_limit = 60;
constexpr std::size_t header_fields_limit = 500;

// SP sequence-set SP ("ALL" / "FAST" / "FULL" / fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
[[nodiscard]] Parsed<FetchCommand> parse_fetch(Cursor& in);

}  // namespace hikyaku::imap
