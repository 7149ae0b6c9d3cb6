#include "protocol/mime/transfer_encoding.h"

#include <array>

#include "base/base64.h"
#include "base/cursor.h"

namespace hikyaku::mime {
namespace {
constexpr std::int8_t skipped = -1, padding = -2;
constexpr std::size_t longest_held = 998;  // white space held back before it is taken for text
constexpr std::size_t longest_line = 76;   // RFC 2045 §6.7 (5), §6.8

constexpr std::array<std::int8_t, 256> base64_values = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(skipped);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  table['='] = padding;
  return table;
}();

constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_hex(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += '=';
  out += digits[static_cast<unsigned char>(c) >> 4];
  out += digits[static_cast<unsigned char>(c) & 15];
}
}  // namespace

TransferEncoding transfer_encoding(std::string_view name) {
  while (!name.empty() && is_space(name.front())) name.remove_prefix(1);
  const auto end = name.find_first_of(" \t(;\r\n");
  if (end != std::string_view::npos) name = name.substr(0, end);
  if (name.empty()) return TransferEncoding::Identity;
  for (const auto identity : {"7bit", "8bit", "binary"})
    if (equal_ignoring_case(name, identity)) return TransferEncoding::Identity;
  if (equal_ignoring_case(name, "base64")) return TransferEncoding::Base64;
  if (equal_ignoring_case(name, "quoted-printable")) return TransferEncoding::QuotedPrintable;
  return TransferEncoding::Unknown;
}

void Base64Decoder::decode(std::string_view piece, std::string& out) {
  for (const char c : piece) {
    const auto value = base64_values[static_cast<unsigned char>(c)];
    if (value >= 0) {
      bits_ = bits_ << 6 | static_cast<std::uint32_t>(value);
      if (++count_ < 4) continue;
      out += static_cast<char>(bits_ >> 16);
      out += static_cast<char>(bits_ >> 8);
      out += static_cast<char>(bits_);
      bits_ = 0, count_ = 0;
    } else if (value == padding) {
      finish(out);
    }
  }
}

void Base64Decoder::finish(std::string& out) {
  if (count_ >= 2) out += static_cast<char>(bits_ >> (count_ == 2 ? 4 : 10));
  if (count_ == 3) out += static_cast<char>(bits_ >> 2);
  bits_ = 0, count_ = 0;
}

void QuotedPrintableDecoder::decode(std::string_view piece, std::string& out) {
  if (held_.empty()) return run(piece, End::MoreToCome, out);
  std::string joined = std::move(held_);
  held_.clear();
  joined += piece;
  run(joined, End::MoreToCome, out);
}

void QuotedPrintableDecoder::finish(std::string& out) {
  const std::string last = std::move(held_);
  held_.clear();
  run(last, End::OfBody, out);
}

void QuotedPrintableDecoder::run(std::string_view text, End end, std::string& out) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto stop = text.find_first_of("= \t", at);
    if (stop == std::string_view::npos) return void(out += text.substr(at));
    out += text.substr(at, stop - at);
    const auto taken = text[stop] == '=' ? equals_sign(text.substr(stop), end, out) : white_space(text.substr(stop), end, out);
    if (taken == 0) return void(held_ = text.substr(stop));
    at = stop + taken;
  }
}

// "=" hex hex, or a soft line break: "=" *WSP line-end. Answers the octets used; 0: cannot tell before more is there.
std::size_t QuotedPrintableDecoder::equals_sign(std::string_view rest, End end, std::string& out) {
  const bool more = end == End::MoreToCome;
  if (rest.size() < 3 && more) {
    if (rest.size() == 2 && rest[1] == '\n') return 2;
    if (rest.size() == 1 || hex_value(rest[1]) >= 0 || is_space(rest[1]) || rest[1] == '\r') return 0;
  }
  if (rest.size() >= 3 && hex_value(rest[1]) >= 0 && hex_value(rest[2]) >= 0) {
    out += static_cast<char>(hex_value(rest[1]) * 16 + hex_value(rest[2]));
    return 3;
  }
  std::size_t at = 1;
  while (at < rest.size() && is_space(rest[at])) ++at;
  if (at == rest.size()) {
    if (!more) return at;  // the last line end of a body belongs to the delimiter
    if (at < longest_held) return 0;
  } else if (rest[at] == '\n') {
    return at + 1;
  } else if (rest[at] == '\r') {
    if (at + 1 == rest.size() && more) return 0;
    if (at + 1 == rest.size() || rest[at + 1] == '\n') return std::min(at + 2, rest.size());
  }
  out += '=';
  return 1;
}

// White space before a line end was added on the way and is dropped.
std::size_t QuotedPrintableDecoder::white_space(std::string_view rest, End end, std::string& out) {
  std::size_t at = 0;
  while (at < rest.size() && at < longest_held && is_space(rest[at])) ++at;
  if (at == rest.size()) return end == End::OfBody ? at : 0;
  if (rest[at] == '\r' && at + 1 == rest.size() && end == End::MoreToCome) return 0;
  const bool line_end = rest[at] == '\n' || (rest[at] == '\r' && (at + 1 == rest.size() || rest[at + 1] == '\n'));
  if (!line_end) out += rest.substr(0, at);
  return at;
}

std::string decode_body(TransferEncoding encoding, std::string_view body) {
  std::string out;
  if (encoding == TransferEncoding::Base64) {
    out.reserve(body.size() / 4 * 3 + 3);
    Base64Decoder decoder;
    decoder.decode(body, out);
    decoder.finish(out);
  } else if (encoding == TransferEncoding::QuotedPrintable) {
    out.reserve(body.size());
    QuotedPrintableDecoder decoder;
    decoder.decode(body, out);
    decoder.finish(out);
  } else {
    out = body;
  }
  return out;
}

std::string encode_base64_lines(std::string_view octets) {
  constexpr std::size_t octets_a_line = longest_line / 4 * 3;
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4 + octets.size() / octets_a_line * 2 + 2);
  for (std::size_t at = 0; at < octets.size(); at += octets_a_line)
    out += base64_encode(octets.substr(at, octets_a_line)), out += "\r\n";
  return out;
}

std::string encode_quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      out += "\r\n", column = 0, ++i;
      continue;
    }
    const bool line_ends = i + 1 == text.size() || (text[i + 1] == '\r' && i + 2 < text.size() && text[i + 2] == '\n');
    const bool printable = (c > ' ' && c < 0x7f && c != '=') || (is_space(c) && !line_ends);
    const std::size_t width = printable ? 1 : 3;
    if (column + width > longest_line - (line_ends ? 0 : 1)) out += "=\r\n", column = 0;
    if (printable) out += c;
    else append_hex(out, c);
    column += width;
  }
  return out;
}

}  // namespace hikyaku::mime
