// strip_html: enough of HTML's tokenisation to search the words of a mail; not a renderer, and no safe filter.
#include <array>

#include "base/cursor.h"
#include "protocol/mime/search_text.h"

namespace hikyaku::mime {
namespace {
struct Entity {
  std::string_view name, text;
};
constexpr Entity entities[] = {
    {"amp", "&"},     {"lt", "<"},      {"gt", ">"},      {"quot", "\""},   {"apos", "'"},    {"nbsp", " "},
    {"copy", "©"},    {"reg", "®"},     {"trade", "™"},   {"yen", "¥"},     {"euro", "€"},    {"pound", "£"},
    {"sect", "§"},    {"deg", "°"},     {"plusmn", "±"},  {"middot", "·"},  {"times", "×"},   {"divide", "÷"},
    {"laquo", "«"},   {"raquo", "»"},   {"hellip", "…"},  {"mdash", "—"},   {"ndash", "–"},   {"lsquo", "‘"},
    {"rsquo", "’"},   {"ldquo", "“"},   {"rdquo", "”"},   {"bull", "•"},    {"rarr", "→"},    {"larr", "←"},
    {"uarr", "↑"},    {"darr", "↓"},    {"ensp", " "},    {"emsp", " "},    {"thinsp", " "},  {"szlig", "ß"},
    {"agrave", "à"},  {"aacute", "á"},  {"acirc", "â"},   {"atilde", "ã"},  {"auml", "ä"},    {"aring", "å"},
    {"aelig", "æ"},   {"ccedil", "ç"},  {"egrave", "è"},  {"eacute", "é"},  {"ecirc", "ê"},   {"euml", "ë"},
    {"igrave", "ì"},  {"iacute", "í"},  {"icirc", "î"},   {"iuml", "ï"},    {"ntilde", "ñ"},  {"ograve", "ò"},
    {"oacute", "ó"},  {"ocirc", "ô"},   {"otilde", "õ"},  {"ouml", "ö"},    {"oslash", "ø"},  {"ugrave", "ù"},
    {"uacute", "ú"},  {"ucirc", "û"},   {"uuml", "ü"},    {"Auml", "Ä"},    {"Ouml", "Ö"},    {"Uuml", "Ü"}};
constexpr std::size_t longest_entity = 12;

constexpr std::string_view block_tags[] = {"p",  "div", "tr", "td", "th",    "li",    "ul",     "ol",         "dl", "dt", "dd",
                                           "h1", "h2",  "h3", "h4", "h5",    "h6",    "table",  "blockquote", "hr", "pre",
                                           "title", "section", "article", "header", "footer", "body", "head", "option"};

bool is_block(std::string_view tag) {
  for (const auto block : block_tags)
    if (equal_ignoring_case(tag, block)) return true;
  return false;
}

void append_code_point(std::string& out, std::uint64_t c) {
  if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) c = 0xfffd;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  }
  if (c >= 0x80) out += static_cast<char>(0x80 | (c & 0x3f));
}

class Stripper {
 public:
  explicit Stripper(std::string_view text) : in_(text) {}
  std::string strip();

 private:
  bool tag();
  void entity();
  bool numeric_entity();
  void skip_past(std::string_view end);
  void skip_element(std::string_view name);

  Cursor in_;
  std::string out_;
  bool no_more_ends_ = false;  // no '>' is left: every '<' from here on is text
};

std::string Stripper::strip() {
  out_.reserve(in_.rest().size());
  while (!in_.at_end()) {
    out_ += in_.take_while([](char c) { return c != '<' && c != '&'; });
    if (in_.at_end()) break;
    if (in_.peek() == '&') entity();
    else if (!tag()) out_ += in_.next();
  }
  return std::move(out_);
}

// Takes a tag, comment or declaration; false: this '<' is text.
bool Stripper::tag() {
  const auto rest = in_.rest();
  if (rest.starts_with("<!--")) return skip_past("-->"), true;
  const char second = rest.size() > 1 ? rest[1] : ' ';
  if (no_more_ends_ || (!is_alpha(second) && second != '/' && second != '!' && second != '?')) return false;
  const auto end = rest.find('>');
  if (end == std::string_view::npos) return no_more_ends_ = true, false;
  Cursor inside(rest.substr(1, end - 1));
  const bool opens = !inside.take('/');
  const auto name = inside.take_while([](char c) { return is_alpha(c) || is_digit(c); });
  in_.take_octets(end + 1);
  if (is_block(name)) out_ += "\n\n";
  else if (equal_ignoring_case(name, "br")) out_ += '\n';
  if (opens && (equal_ignoring_case(name, "script") || equal_ignoring_case(name, "style"))) skip_element(name);
  return true;
}

void Stripper::skip_past(std::string_view end) {
  const auto found = in_.rest().find(end);
  in_.take_octets(found == std::string_view::npos ? in_.rest().size() : found + end.size());
}

// To "</name", or to the end of the text.
void Stripper::skip_element(std::string_view name) {
  while (!in_.at_end()) {
    in_.take_while([](char c) { return c != '<'; });
    if (in_.rest().starts_with("</") && starts_with_ignoring_case(in_.rest().substr(2), name)) return;
    in_.next();
  }
}

void Stripper::entity() {
  if (numeric_entity()) return;
  const auto head = in_.rest().substr(1, longest_entity);
  std::size_t length = 0;
  while (length < head.size() && (is_alpha(head[length]) || is_digit(head[length]))) ++length;
  for (const auto& [name, text] : entities)
    if (head.substr(0, length) == name) {
      out_ += text;
      in_.take_octets(1 + length);
      in_.take(';');
      return;
    }
  out_ += in_.next();
}

bool Stripper::numeric_entity() {
  const auto start = in_.position();
  if (!in_.take("&#")) return false;
  const bool hex = in_.take('x') || in_.take('X');
  std::uint64_t value = 0;
  int digits = 0;
  for (; digits < 8; ++digits) {
    const char c = ascii_lower(in_.peek());
    const bool hex_letter = hex && c >= 'a' && c <= 'f';
    if (!is_digit(c) && !hex_letter) break;
    value = value * (hex ? 16 : 10) + static_cast<std::uint64_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
    in_.next();
  }
  if (digits == 0) return in_.rewind_to(start), false;
  append_code_point(out_, value);
  in_.take(';');
  return true;
}
}  // namespace

std::string strip_html(std::string_view utf8) { return Stripper(utf8).strip(); }

}  // namespace hikyaku::mime
