// Reads the little of XML that reports are made of: elements and text, one after the other, without a tree. What can hurt is
// refused (document types and with them entities of one's own) or bounded (depth, lengths). Attributes, comments and
// processing instructions are passed over; names lose their prefix. Pure, linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cursor.h"

namespace hikyaku::dmarc {

inline constexpr std::size_t most_xml_depth = 32, most_xml_name_octets = 128, most_xml_text_octets = 16'384;

struct XmlEvent {
  enum class Kind : std::uint8_t { Open, Close } kind = Kind::Open;
  std::string_view name;
  std::string text;  // of Close: all text directly in it, entities resolved; what is longer than the limit is cut
};

class XmlReader {
 public:
  explicit XmlReader(std::string_view text) : in_(text) {}
  // Nothing after the end of the outermost element.
  [[nodiscard]] Result<std::optional<XmlEvent>, SyntaxError> next();

 private:
  Result<void, SyntaxError> take_text();
  Result<void, SyntaxError> take_declaration();
  Result<std::optional<XmlEvent>, SyntaxError> take_tag();
  Result<bool, SyntaxError> take_attributes();
  XmlEvent close();
  void add(std::string_view text);

  struct Element {
    std::string_view name;
    std::string text;
  };
  Cursor in_;
  std::vector<Element> open_;
  bool close_next_ = false, done_ = false;
};

// Text for the inside of an element: markup escaped, octets that XML cannot carry turned into "?".
[[nodiscard]] std::string xml_text(std::string_view text);

}  // namespace hikyaku::dmarc
