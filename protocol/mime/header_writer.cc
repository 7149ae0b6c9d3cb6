#include "protocol/mime/header_writer.h"

#include "base/cursor.h"
#include "protocol/mime/date.h"
#include "protocol/mime/encoded_word.h"

namespace hikyaku::mime {
namespace {
constexpr std::size_t longest_line = 78;  // RFC 5322 §2.1.1

std::string without_controls(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (is_ctl(c)) c = ' ';
  return out;
}

// phrase: bare words, a quoted string, or encoded words.                                        RFC 5322 §3.2.5
std::string phrase(std::string_view display_name, std::size_t column) {
  const auto name = without_controls(display_name);
  if (needs_encoding(name)) return encode_header_text(name, column);
  bool plain = true;
  for (const char c : name) plain = plain && (is_alpha(c) || is_digit(c) || std::string_view(" !#$%&'*+-/=?^_`{|}~").contains(c));
  if (plain) return name;
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// extended-other-values of RFC 2231 §7.
std::string percent_encoded(std::string_view octets) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (is_alpha(c) || is_digit(c) || std::string_view("-._~").contains(c)) out += c;
    else out += '%', out += digits[octet >> 4], out += digits[octet & 15];
  }
  return out;
}
}  // namespace

// A line is broken before the last space that keeps it short; lines inside `value` that are folded already stay so.
void HeaderWriter::folded(std::string_view name, std::string_view value) {
  out_ += name, out_ += ':';
  std::size_t column = name.size() + 1;
  while (!value.empty()) {
    if (value.starts_with("\r\n")) out_ += "\r\n", column = 0, value.remove_prefix(2);
    const auto end = value.find_first_of(" \r", value.starts_with(' ') ? 1 : 0);
    const auto word = value.substr(0, end);
    if (word.starts_with(' ') && column + word.size() > longest_line && column > name.size() + 1) out_ += "\r\n", column = 0;
    out_ += word;
    column += word.size();
    value.remove_prefix(word.size());
  }
  out_ += "\r\n";
}

HeaderWriter& HeaderWriter::field(std::string_view name, std::string_view value) {
  folded(name, " " + without_controls(value));
  return *this;
}

HeaderWriter& HeaderWriter::text(std::string_view name, std::string_view utf8) {
  const auto clean = without_controls(utf8);
  folded(name, " " + (needs_encoding(clean) ? encode_header_text(clean, name.size() + 2) : clean));
  return *this;
}

HeaderWriter& HeaderWriter::mailbox(std::string_view name, std::string_view display_name, const Address& address) {
  const auto shown = phrase(display_name, name.size() + 2);
  folded(name, " " + (shown.empty() ? address.text() : shown + " <" + address.text() + ">"));
  return *this;
}

HeaderWriter& HeaderWriter::date(std::string_view name, WallTime when, int zone_minutes) {
  folded(name, " " + print_date(when, zone_minutes));
  return *this;
}

HeaderWriter& HeaderWriter::parameterised(std::string_view name, std::string_view value, std::string_view parameter,
                                          std::string_view utf8) {
  const auto clean = without_controls(utf8);
  std::string line = " " + std::string(value) + "; " + std::string(parameter);
  if (needs_encoding(clean)) {
    line += "*=UTF-8''" + percent_encoded(clean);
  } else {
    line += "=\"";
    for (const char c : clean) {
      if (c == '"' || c == '\\') line += '\\';
      line += c;
    }
    line += '"';
  }
  folded(name, line);
  return *this;
}

}  // namespace hikyaku::mime
