// The structure of a message: its tree of parts with exact octet ranges, and the values that IMAP's ENVELOPE and
// BODYSTRUCTURE show. Parsed once from the octets, in one pass, without copying them; encode() is the compact form that
// is cached in the mailbox record, so that a FETCH of structures reads no message.
//
// Promises: parsing never fails; every octet of the message is in exactly one of {a header, a leaf body, a preamble, a
// delimiter, an epilogue}; lines may end with CRLF or LF; time is linear in the octets, memory in the parts, and the
// tree is bounded by StructureLimits. Views point into the octets given to parse() or decode() (the caller keeps them
// alive and in place) or into the Structure itself (which may be moved).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/mime/address_list.h"
#include "protocol/mime/header.h"
#include "protocol/mime/parameters.h"
#include "protocol/mime/text_store.h"

namespace hikyaku::mime {

// IMAP's envelope structure (RFC 9051 §7.5.2). Text is as in the header, on one line, encoded words not decoded.
// Nothing: the field is missing (NIL); empty: it is there and empty. Of a repeated field the first counts; repeated
// address fields are joined. sender and reply_to are From's where they are missing or empty.
struct EnvelopeStructure {
  std::optional<std::string_view> date, subject, in_reply_to, message_id;
  std::vector<ListedAddress> from, sender, reply_to, to, cc, bcc;

  friend bool operator==(const EnvelopeStructure&, const EnvelopeStructure&) = default;
};

struct Disposition {
  std::string_view type;  // "inline", "attachment", as written
  Parameters parameters;
  friend bool operator==(const Disposition&, const Disposition&) = default;
};

struct Part {
  // What it is once parsed: a Multipart has at least one child; a Message (message/rfc822, message/global) has exactly
  // one, the root part of the message inside; anything else is a Leaf.
  enum class Kind : std::uint8_t { Leaf, Multipart, Message };
  static constexpr std::uint32_t none = ~0U;

  Kind kind = Kind::Leaf;
  std::uint32_t parent = none;            // index in Structure::parts
  std::vector<std::uint32_t> children;    // indexes, in the order of the message
  std::uint32_t envelope = none;          // index in Structure::envelopes: this is the root part of a message

  OctetRange header;        // the part's MIME header (of a root: the message's header), empty line included
  OctetRange body;          // begins where the header ends; this is BODY[n] of the part
  std::uint64_t lines = 0;  // line ends in the body

  // Content-Type as it works out, case as written. Where the header gives none that makes sense it is text/plain
  // (RFC 2045 §5.2), or message/rfc822 in a multipart/digest. A multipart without boundary or without any delimiter is
  // text/plain too; one beyond the limits, or a message/rfc822 in base64 or quoted-printable, is application/octet-stream.
  std::string_view type, subtype;
  Parameters parameters;
  std::string_view encoding = "7bit";  // Content-Transfer-Encoding
  // Nothing: the field is missing.
  std::optional<std::string_view> id, description, md5, location;  // Content-ID, -Description, -MD5, -Location
  std::optional<Disposition> disposition;
  std::vector<std::string_view> languages;  // Content-Language

  [[nodiscard]] bool is(std::string_view wanted_type) const;  // without case
  [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const;

  friend bool operator==(const Part&, const Part&) = default;
};

// Beyond these a container is a leaf: no mail composed by people comes near.
struct StructureLimits {
  std::uint32_t max_depth = 50;      // nested containers
  std::uint32_t max_parts = 10'000;
  AddressLimits addresses;           // of each address field
};

// Which text of a part is meant (RFC 9051 §6.4.5.1). With an empty path: of the whole message.
enum class SectionText : std::uint8_t {
  Body,    // BODY[n]; with an empty path BODY[], the message
  Header,  // BODY[HEADER], BODY[n.HEADER]: the root's, or of the message inside a Message part
  Text,    // BODY[TEXT], BODY[n.TEXT]
  Mime,    // BODY[n.MIME]
};

struct Structure {
  std::vector<Part> parts;                   // parts[0] is the root; a parent stands before its children
  std::vector<EnvelopeStructure> envelopes;  // envelopes[0] is the message's
  TextStore texts;

  [[nodiscard]] static Structure parse(std::string_view message, const StructureLimits& limits = {});

  [[nodiscard]] const Part& root() const { return parts.front(); }
  [[nodiscard]] const EnvelopeStructure& envelope() const { return envelopes.front(); }
  [[nodiscard]] std::uint64_t octets() const { return root().body.end; }

  // The root part of the message inside a Message part, and its envelope.
  [[nodiscard]] const Part& embedded(const Part& message_part) const { return parts[message_part.children.front()]; }
  [[nodiscard]] const EnvelopeStructure& embedded_envelope(const Part& message_part) const {
    return envelopes[embedded(message_part).envelope];
  }

  // The part an IMAP part number names (numbers from 1; RFC 9051 §6.4.5.1), or nullptr. An empty path is the root.
  [[nodiscard]] const Part* find(std::span<const std::uint32_t> path) const;
  // The octets a section names. Nothing: there is no such part, or the part has no such text.
  [[nodiscard]] std::optional<OctetRange> section(std::span<const std::uint32_t> path, SectionText text) const;

  // The compact form: some 150-400 octets for ordinary mail. decode() refuses whatever encode() did not write (damage,
  // a newer version); its views point into `bytes`. An older version's form is refused too: parse the message again.
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<Structure> decode(std::string_view bytes);
};

}  // namespace hikyaku::mime
