#include "services/telemetry/line_reader.h"

#include "base/cursor.h"

namespace hikyaku::telemetry {
namespace {

// A text with its quotes; nothing when it does not end.
std::optional<std::string_view> take_text(Cursor& in) {
  const auto begin = in.rest();
  if (!in.take('"')) return std::nullopt;
  for (;;) {
    in.take_while([](char c) { return c != '"' && c != '\\'; });
    if (in.at_end()) return std::nullopt;
    if (in.next() == '"') return begin.substr(0, begin.size() - in.rest().size());
    in.next();
  }
}

// An object inside: nothing of it is wanted.
bool pass_object(Cursor& in) {
  for (std::size_t depth = 0;;) {
    if (in.at_end()) return false;
    if (in.peek() == '"') {
      if (!take_text(in)) return false;
      continue;
    }
    const char c = in.next();
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) return true;
  }
}

std::optional<std::string_view> take_value(Cursor& in) {
  if (in.peek() == '"') return take_text(in);
  const auto begin = in.rest();
  if (in.peek() == '{') {
    if (!pass_object(in)) return std::nullopt;
  } else if (in.take_while([](char c) { return c != ',' && c != '}' && c != '"' && c != '{'; }).empty()) {
    return std::nullopt;
  }
  return begin.substr(0, begin.size() - in.rest().size());
}

std::optional<unsigned> take_hex4(Cursor& in) {
  unsigned code = 0;
  const auto digits = in.take_octets(4);
  if (digits.size() != 4) return std::nullopt;
  for (const char c : digits) {
    const char low = ascii_lower(c);
    if (!is_digit(c) && (low < 'a' || low > 'f')) return std::nullopt;
    code = code << 4 | static_cast<unsigned>(is_digit(c) ? c - '0' : low - 'a' + 10);
  }
  return code;
}

// What was no UTF-8 was written as \u00xx, octet by octet; it comes back as that character.
void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) return void(out += static_cast<char>(code));
  if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
  }
  out += static_cast<char>(0x80 | (code & 0x3f));
}

}  // namespace

LineReader::LineReader(std::string_view line) {
  Cursor in(line);
  if (!in.take('{')) return;
  while (members_.size() < most_members) {
    const auto key = take_text(in);
    if (!key || !in.take(':')) break;
    const auto value = take_value(in);
    if (!value) break;
    members_.emplace_back(key->substr(1, key->size() - 2), *value);
    if (in.take(',')) continue;
    sound_ = in.take('}') && in.at_end();
    break;
  }
  if (!sound_) members_.clear();
}

const std::string_view* LineReader::find(std::string_view key) const {
  for (const auto& [name, value] : members_)
    if (name == key) return &value;
  return nullptr;
}

std::string LineReader::text(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr || !value->starts_with('"')) return {};
  std::string out;
  Cursor in(value->substr(1, value->size() - 2));
  while (!in.at_end()) {
    const char c = in.next();
    if (c != '\\') {
      out += c;
    } else if (in.take('u')) {
      const auto code = take_hex4(in);
      if (!code) return {};
      append_utf8(out, *code);
    } else {
      out += in.next();  // '"' and '\' alone are written so
    }
  }
  return out;
}

}  // namespace hikyaku::telemetry
