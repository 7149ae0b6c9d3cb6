// Splits a header (of a message or of a MIME part) into its fields, with byte offsets, and never refuses: whatever the
// octets are, the fields cover the header exactly, in order, without a gap. Pure, linear, no copy.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/mime/text_store.h"

namespace hikyaku::mime {

// Octets [begin, end) of the text a parser was given.
struct OctetRange {
  std::uint64_t begin = 0, end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
  [[nodiscard]] std::string_view in(std::string_view bytes) const { return bytes.substr(begin, end - begin); }
  friend bool operator==(const OctetRange&, const OctetRange&) = default;
};

// One header field (RFC 5322 §2.2). A line without a colon, an mbox "From " line or a stray continuation is a field with
// an empty name, its text in `value`.
struct HeaderField {
  std::string_view name;   // as written, white space before the colon (RFC 5322 §4.5) removed
  std::string_view value;  // after the colon, folds and surrounding space included, the last line end not
  std::string_view whole;  // name, colon, value and line end, as they stand in the message
  std::uint64_t offset = 0;  // of `whole` in the text given to the reader

  [[nodiscard]] bool is(std::string_view wanted) const;  // name compared without case
};

// Walks the fields. Lines end with CRLF or a bare LF. Stops before the empty line that ends the header.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : text_(text) {}
  [[nodiscard]] std::optional<HeaderField> next();
  // Octets read so far: after the last field, where the empty line stands (if there is one).
  [[nodiscard]] std::uint64_t position() const { return at_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// How long the header at the start of `text` is, its empty line included; all of it when there is no empty line.
[[nodiscard]] std::uint64_t header_octets(std::string_view text);

// The first field of that name.
[[nodiscard]] std::optional<HeaderField> find_field(std::string_view header, std::string_view name);

enum class FieldSelection : std::uint8_t { Only, Except };

// IMAP's HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 9051 §6.4.5.1): the chosen fields as they stand in the message, in
// its order, and the empty line when the header had one. Cost: fields times names.
[[nodiscard]] std::string select_fields(std::string_view header, std::span<const std::string> names, FieldSelection which);

// The value on one line (RFC 5322 §2.2.3): folds removed, the space kept, space trimmed at both ends; NUL and bare CR
// are dropped, for IMAP cannot carry them in a string. No copy when there is nothing to change.
[[nodiscard]] std::string_view unfold(std::string_view value, TextStore& store);

}  // namespace hikyaku::mime
