#include "protocol/mime/structure.h"

#include "base/cursor.h"

namespace hikyaku::mime {

bool Part::is(std::string_view wanted_type) const { return equal_ignoring_case(type, wanted_type); }

bool Part::is(std::string_view wanted_type, std::string_view wanted_subtype) const {
  return is(wanted_type) && equal_ignoring_case(subtype, wanted_subtype);
}

// "Every message has at least one part number." A part that is not a multipart, at the root of a message, is its part 1.
// RFC 9051 §6.4.5.1
const Part* Structure::find(std::span<const std::uint32_t> path) const {
  const Part* part = &root();
  bool at_message_root = true;
  for (const auto number : path) {
    if (!at_message_root && part->kind == Part::Kind::Message) part = &embedded(*part), at_message_root = true;
    if (part->kind == Part::Kind::Multipart) {
      if (number == 0 || number > part->children.size()) return nullptr;
      part = &parts[part->children[number - 1]];
    } else if (!at_message_root || number != 1) {
      return nullptr;
    }
    at_message_root = false;
  }
  return part;
}

std::optional<OctetRange> Structure::section(std::span<const std::uint32_t> path, SectionText text) const {
  const Part* part = find(path);
  if (!part) return std::nullopt;
  const bool whole = path.empty();
  switch (text) {
    case SectionText::Body: return whole ? OctetRange{0, octets()} : part->body;
    case SectionText::Mime: return whole ? std::nullopt : std::optional(part->header);
    case SectionText::Header:
    case SectionText::Text: {
      if (!whole && part->kind != Part::Kind::Message) return std::nullopt;
      const Part& message = whole ? *part : embedded(*part);
      return text == SectionText::Header ? message.header : message.body;
    }
  }
  return std::nullopt;
}

}  // namespace hikyaku::mime
