#include "protocol/imap/mailbox_name.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/cursor.h"

namespace hikyaku::imap {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}
constexpr auto values = make_values();

// One character of valid UTF-8, or nothing. Overlong forms, surrogates and numbers above U+10FFFF are not valid.
std::optional<std::uint32_t> next_code_point(std::string_view text, std::size_t& at) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = octet(at);
  if (lead < 0x80) return ++at, lead;
  const int extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at <= static_cast<std::size_t>(extra)) return std::nullopt;
  std::uint32_t code = lead & (0x3f >> extra);
  for (int i = 1; i <= extra; ++i) {
    if ((octet(at + i) & 0xc0) != 0x80) return std::nullopt;
    code = code << 6 | (octet(at + i) & 0x3f);
  }
  constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  if (code < smallest[extra] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return std::nullopt;
  at += extra + 1;
  return code;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The UTF-16 of one shifted run, "&...-" without its ends. Canonical form only: no printable ASCII inside, the
// unused bits zero, no surrogate alone (RFC 3501 §5.1.3).
bool decode_run(std::string_view run, std::string& out) {
  std::uint32_t bits = 0;
  int held = 0;
  std::uint32_t high = 0;
  for (const char c : run) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 16) continue;
    held -= 16;
    const std::uint32_t unit = bits >> held & 0xffff;
    bits &= (1u << held) - 1;
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (is_low != (high != 0)) return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
      high = unit;
      continue;
    }
    const std::uint32_t code = high ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00) : unit;
    high = 0;
    if (code >= 0x20 && code < 0x7f) return false;
    append_utf8(out, code);
  }
  return high == 0 && held < 6 && bits == 0;
}

void encode_run(std::string& out, const std::vector<std::uint32_t>& codes) {
  std::uint32_t bits = 0;
  int held = 0;
  const auto unit = [&](std::uint32_t value) {
    bits = bits << 16 | value;
    held += 16;
    while (held >= 6) held -= 6, out += alphabet[bits >> held & 0x3f];
    bits &= (1u << held) - 1;
  };
  out += '&';
  for (const auto code : codes) {
    if (code < 0x10000) {
      unit(code);
    } else {
      unit(0xd800 + ((code - 0x10000) >> 10));
      unit(0xdc00 + ((code - 0x10000) & 0x3ff));
    }
  }
  if (held > 0) out += alphabet[bits << (6 - held) & 0x3f];
  out += '-';
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!next_code_point(text, at)) return false;
  }
  return true;
}

std::optional<std::string> from_modified_utf7(std::string_view text) {
  if (!is_valid_utf8(text)) return std::nullopt;
  std::string name;
  name.reserve(text.size());
  bool after_run = false;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      name += text[at++];
      after_run = false;
      continue;
    }
    const auto end = text.find('-', at);
    if (end == std::string_view::npos) return std::nullopt;
    const auto run = text.substr(at + 1, end - at - 1);
    if (run.empty()) {
      name += '&';
      after_run = false;
    } else {
      if (after_run || !decode_run(run, name)) return std::nullopt;  // two runs side by side are not canonical
      after_run = true;
    }
    at = end + 1;
  }
  return name;
}

std::string to_modified_utf7(std::string_view name) {
  std::string text;
  std::vector<std::uint32_t> run;
  for (std::size_t at = 0; at < name.size();) {
    const auto code = next_code_point(name, at);
    if (!code) break;  // the contract: valid UTF-8
    if (*code < 0x20 || *code >= 0x7f) {
      run.push_back(*code);
      continue;
    }
    if (!run.empty()) encode_run(text, run), run.clear();
    text += static_cast<char>(*code);
    if (*code == '&') text += '-';
  }
  if (!run.empty()) encode_run(text, run);
  return text;
}

std::optional<std::string> mailbox_from_wire(std::string_view text, NameForm form, char separator) {
  std::string name;
  if (form == NameForm::ModifiedUtf7) {
    auto decoded = from_modified_utf7(text);
    if (!decoded) return std::nullopt;
    name = *std::move(decoded);
  } else {
    if (!is_valid_utf8(text)) return std::nullopt;
    name = text;
  }
  if (std::ranges::any_of(name, is_ctl)) return std::nullopt;
  // INBOX is named in any case; RFC 9051 §5.1.
  const auto first_level = name.substr(0, name.find(separator));
  if (equal_ignoring_case(first_level, "INBOX")) name.replace(0, first_level.size(), "INBOX");
  return name;
}

std::string mailbox_to_wire(std::string_view name, NameForm form) {
  return form == NameForm::Utf8 ? std::string(name) : to_modified_utf7(name);
}

}  // namespace hikyaku::imap
