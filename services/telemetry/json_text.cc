#include "services/telemetry/json_text.h"

namespace hikyaku::telemetry {

namespace {

void append_escape(std::string& out, unsigned code) {
  constexpr char hex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex[(code >> shift) & 0xf];
}

// The length of the UTF-8 sequence at the start of `text` (RFC 3629 §4), 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
  const unsigned first = at(0), second = at(1);
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

unsigned code_point(std::string_view sequence) {
  unsigned code = static_cast<unsigned char>(sequence[0]) & (0x7fU >> sequence.size());
  for (std::size_t i = 1; i < sequence.size(); ++i) code = code << 6 | (static_cast<unsigned char>(sequence[i]) & 0x3fU);
  return code;
}

// C1 controls, line separators and the marks that turn the direction of a terminal's text.
bool must_hide(unsigned code) {
  return code < 0xa0 || code == 0x2028 || code == 0x2029 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

void append_json_text(std::string& out, std::string_view text, std::size_t most) {
  out += '"';
  const bool cut = text.size() > most;
  for (std::size_t at = 0; at < text.size() && at < most;) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '"' || c == '\\') {
      out += '\\', out += static_cast<char>(c), ++at;
    } else if (c >= 0x20 && c < 0x7f) {
      out += static_cast<char>(c), ++at;
    } else if (const auto length = utf8_length(text.substr(at)); length > 0) {
      const auto sequence = text.substr(at, length);
      if (const unsigned code = code_point(sequence); must_hide(code)) append_escape(out, code);
      else out += sequence;
      at += length;
    } else {
      append_escape(out, c), ++at;
    }
  }
  if (cut) out += "...";
  out += '"';
}

}  // namespace hikyaku::telemetry
