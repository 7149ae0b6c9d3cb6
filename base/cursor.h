// Cursor: the one reader every hand-written parser uses. It walks a string_view, never copies, never fails:
// a production looks, takes, or says what it expected and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hikyaku {

// Where a text stopped making sense, and what would have been right there. `expected` is a literal.
struct SyntaxError {
  std::size_t at_octet = 0;
  std::string_view expected;

  friend bool operator==(const SyntaxError&, const SyntaxError&) = default;
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_ctl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_eight_bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

[[nodiscard]] std::string ascii_lower(std::string_view text);
[[nodiscard]] std::string ascii_upper(std::string_view text);

// ASCII case folded, as RFC keywords and domain names are compared. Linear.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

class Cursor {
 public:
  constexpr explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] constexpr bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] constexpr std::size_t position() const { return at_; }
  [[nodiscard]] constexpr std::string_view rest() const { return text_.substr(at_); }
  // The next octet, or NUL at the end (a NUL octet itself is told apart by at_end()).
  [[nodiscard]] constexpr char peek() const { return at_end() ? '\0' : text_[at_]; }

  constexpr char next() { return at_end() ? '\0' : text_[at_++]; }
  constexpr void rewind_to(std::size_t position) { at_ = position; }

  constexpr bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  constexpr bool take(std::string_view literal) {
    if (!rest().starts_with(literal)) return false;
    at_ += literal.size();
    return true;
  }
  bool take_ignoring_case(std::string_view literal) {
    if (!starts_with_ignoring_case(rest(), literal)) return false;
    at_ += literal.size();
    return true;
  }
  // The longest run of octets for which `wanted(c)` holds; may be empty.
  template <class Predicate>
  constexpr std::string_view take_while(Predicate wanted) {
    const std::size_t start = at_;
    while (!at_end() && wanted(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  // Exactly `count` octets, or none when fewer are left.
  constexpr std::string_view take_octets(std::size_t count) {
    if (count > text_.size() - at_) return {};
    at_ += count;
    return text_.substr(at_ - count, count);
  }

  [[nodiscard]] std::unexpected<SyntaxError> expected(std::string_view what) const {
    return std::unexpected(SyntaxError{at_, what});
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// A decimal number without sign, at most `largest`; RFC 9051 number, RFC 5321 size-value. Leading zeros are allowed.
[[nodiscard]] Result<std::uint64_t, SyntaxError> parse_number(Cursor& in, std::uint64_t largest);

}  // namespace hikyaku
