#include "protocol/dmarc/xml_reader.h"

#include "protocol/mime/charset.h"

namespace hikyaku::dmarc {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr bool is_name_char(char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == ':' || is_eight_bit(c); }

std::string_view local_name(std::string_view name) { return name.substr(name.rfind(':') + 1); }

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(lead[more] | code >> (6 * more));
  for (int n = more - 1; n >= 0; --n) out += static_cast<char>(0x80 | (code >> (6 * n) & 0x3f));
}

// CharRef = "&#" 1*DIGIT ";" / "&#x" 1*HEXDIG ";"; without the ampersand
bool take_character(Cursor& in, std::string& out) {
  const std::uint32_t base = in.take('x') ? 16 : 10;
  std::uint32_t code = 0, digits = 0;
  for (; in.peek() != ';'; ++digits) {
    const char c = ascii_lower(in.next());
    const std::uint32_t digit = is_digit(c) ? static_cast<std::uint32_t>(c - '0') : c >= 'a' && c <= 'f' ? static_cast<std::uint32_t>(c - 'a' + 10) : 16;
    if (digit >= base || digits == 8) return false;
    code = code * base + digit;
  }
  if (digits == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || (code < 0x20 && code != 9 && code != 10 && code != 13)) return false;
  append_utf8(code, out);
  return in.take(';');
}

// Only the five that XML itself knows.
bool take_reference(Cursor& in, std::string& out) {
  if (in.take('#')) return take_character(in, out);
  struct Known {
    std::string_view name;
    char character;
  };
  for (const auto& [name, character] : {Known{"amp;", '&'}, Known{"lt;", '<'}, Known{"gt;", '>'}, Known{"quot;", '"'}, Known{"apos;", '\''}})
    if (in.take(name)) {
      out += character;
      return true;
    }
  return false;
}

bool skip_to(Cursor& in, std::string_view end) {
  const auto at = in.rest().find(end);
  if (at == std::string_view::npos) return false;
  in.take_octets(at + end.size());
  return true;
}

}  // namespace

void XmlReader::add(std::string_view text) {
  if (open_.empty()) return;
  auto& all = open_.back().text;
  all += text.substr(0, most_xml_text_octets - std::min(most_xml_text_octets, all.size()));
}

XmlEvent XmlReader::close() {
  XmlEvent event{XmlEvent::Kind::Close, open_.back().name, std::move(open_.back().text)};
  open_.pop_back();
  done_ = open_.empty();
  return event;
}

Result<void, SyntaxError> XmlReader::take_text() {
  std::string resolved;
  while (!in_.at_end() && in_.peek() != '<') {
    const auto run = in_.take_while([](char c) { return c != '<' && c != '&'; });
    if (open_.empty() && run.find_first_not_of(" \t\r\n\xef\xbb\xbf") != std::string_view::npos) return in_.expected("an element");
    add(run);
    if (!in_.take('&')) continue;
    resolved.clear();
    if (open_.empty() || !take_reference(in_, resolved)) return in_.expected("a known entity");
    add(resolved);
  }
  return {};
}

// What begins with "<?" or "<!"
Result<void, SyntaxError> XmlReader::take_declaration() {
  if (in_.take("<?")) return skip_to(in_, "?>") ? Result<void, SyntaxError>() : in_.expected("\"?>\"");
  if (in_.take("<!--")) return skip_to(in_, "-->") ? Result<void, SyntaxError>() : in_.expected("\"-->\"");
  if (!in_.take("<![CDATA[")) return in_.expected("no document type");
  const auto begin = in_.rest();
  if (!skip_to(in_, "]]>")) return in_.expected("\"]]>\"");
  add(begin.substr(0, begin.size() - in_.rest().size() - 3));
  return {};
}

// True: the element is empty ("/>").
Result<bool, SyntaxError> XmlReader::take_attributes() {
  for (;;) {
    in_.take_while(is_space);
    if (in_.take("/>")) return true;
    if (in_.take('>')) return false;
    if (in_.take_while(is_name_char).empty()) return in_.expected("\">\"");
    in_.take_while(is_space);
    if (!in_.take('=')) return in_.expected("\"=\"");
    in_.take_while(is_space);
    const char quote = in_.next();
    if (quote != '"' && quote != '\'') return in_.expected("a quote");
    in_.take_while([quote](char c) { return c != quote && c != '<'; });
    if (!in_.take(quote)) return in_.expected("a quote");
  }
}

Result<std::optional<XmlEvent>, SyntaxError> XmlReader::take_tag() {
  if (in_.take("</")) {
    const auto name = local_name(in_.take_while(is_name_char));
    in_.take_while(is_space);
    if (open_.empty() || name != open_.back().name || !in_.take('>')) return in_.expected("the end of the open element");
    return close();
  }
  in_.take('<');
  const auto name = in_.take_while(is_name_char);
  if (name.empty() || name.size() > most_xml_name_octets || open_.size() == most_xml_depth) return in_.expected("an element");
  TRY(empty, take_attributes());
  open_.push_back({local_name(name), {}});
  close_next_ = empty;
  return XmlEvent{XmlEvent::Kind::Open, open_.back().name, {}};
}

Result<std::optional<XmlEvent>, SyntaxError> XmlReader::next() {
  if (close_next_) {
    close_next_ = false;
    return close();
  }
  while (!done_) {
    TRY_VOID(take_text());
    if (in_.at_end()) return in_.expected("the end of the outermost element");
    if (!in_.rest().starts_with("<?") && !in_.rest().starts_with("<!")) return take_tag();
    TRY_VOID(take_declaration());
  }
  return std::optional<XmlEvent>();
}

std::string xml_text(std::string_view text) {
  // One name of foreign octets must not make the whole document unreadable.
  const bool utf8 = mime::is_valid_utf8(text);
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto three = text.substr(at, 3);
    if (utf8 && (three == "\xef\xbf\xbe" || three == "\xef\xbf\xbf")) {  // U+FFFE and U+FFFF are no characters (XML 1.0 §2.2)
      out += '?';
      at += 2;
      continue;
    }
    if (!utf8 && is_eight_bit(c)) {
      out += '?';
      continue;
    }
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += is_ctl(c) && c != '\t' && c != '\n' ? '?' : c;
    }
  }
  return out;
}

}  // namespace hikyaku::dmarc
