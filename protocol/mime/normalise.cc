#include <string.h>  // memmem
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/check.h"
#include "base/cursor.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/search_text.h"

namespace hikyaku::mime {
namespace {
constexpr bool is_white(char32_t c) { return c == ' ' || (c >= 0x09 && c <= 0x0d) || c == 0x85 || c == 0x2028 || c == 0x2029; }

// Scripts written without spaces between words: kana, Han, their punctuation. Hangul is not among them.
constexpr bool is_cjk(char32_t c) {
  return (c >= 0x2e80 && c <= 0x30ff) || (c >= 0x31f0 && c <= 0x31ff) || (c >= 0x3400 && c <= 0x9fff) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

std::string normalise_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool space = false;
  for (const char c : text) {
    if (is_white(static_cast<unsigned char>(c))) {
      space = true;
      continue;
    }
    if (space) out += ' ', space = false;
    out += ascii_lower(c);
  }
  if (space) out += ' ';
  return out;
}

std::u16string wide(std::string_view utf8) {
  std::u16string out(utf8.size(), u'\0');
  std::int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8WithSub(out.data(), static_cast<std::int32_t>(out.size()), &length, utf8.data(),
                       static_cast<std::int32_t>(utf8.size()), 0xfffd, nullptr, &status);
  out.resize(U_FAILURE(status) ? 0 : static_cast<std::size_t>(length));
  return out;
}

std::u16string folded(const std::u16string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* const nfkc_casefold = unorm2_getNFKCCasefoldInstance(&status);
  check(U_SUCCESS(status), "ICU's normalisation data is there");
  std::u16string out(text.size() + text.size() / 4 + 32, u'\0');
  while (true) {
    status = U_ZERO_ERROR;
    const auto length = unorm2_normalize(nfkc_casefold, text.data(), static_cast<std::int32_t>(text.size()), out.data(),
                                         static_cast<std::int32_t>(out.size()), &status);
    out.resize(static_cast<std::size_t>(length));
    if (status != U_BUFFER_OVERFLOW_ERROR) return out;
  }
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) return void(out += static_cast<char>(c));
  if (c < 0x800) return void((out += static_cast<char>(0xc0 | c >> 6)) += static_cast<char>(0x80 | (c & 0x3f)));
  if (c < 0x10000) out += static_cast<char>(0xe0 | c >> 12);
  else out += static_cast<char>(0xf0 | c >> 18), out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
  out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  out += static_cast<char>(0x80 | (c & 0x3f));
}

// White space as the header says, and back to UTF-8.
std::string spaced(const std::u16string& text) {
  std::string out;
  out.reserve(text.size() * 3);
  char32_t before = 0;
  int line_breaks = 0;
  bool space = false;
  for (std::size_t i = 0; i < text.size();) {
    char32_t c = 0;
    U16_NEXT(text.data(), i, text.size(), c);
    if (U_IS_SURROGATE(c)) c = 0xfffd;
    if (is_white(c)) {
      space = true, line_breaks += c == '\n';
      continue;
    }
    const bool wrapped = line_breaks == 1 && is_cjk(before) && is_cjk(c);
    if (space && !wrapped) out += ' ';
    append_utf8(out, c);
    before = c, space = false, line_breaks = 0;
  }
  if (space) out += ' ';
  return out;
}

// A mark that changes the character before it and that NFKC found no composed form for.
bool combines(std::string_view rest) {
  if (rest.size() < 2) return false;
  const auto first = static_cast<unsigned char>(rest[0]), second = static_cast<unsigned char>(rest[1]);
  if (first == 0xcc || (first == 0xcd && second <= 0xaf)) return true;  // U+0300..U+036F
  return rest.starts_with("\xe3\x82\x99") || rest.starts_with("\xe3\x82\x9a");  // U+3099, U+309A
}
}  // namespace

std::string normalise(std::string_view utf8) { return is_ascii(utf8) ? normalise_ascii(utf8) : spaced(folded(wide(utf8))); }

Matcher::Matcher(std::string_view utf8) : needle_(normalise(utf8)) {}

bool Matcher::found_in(std::string_view normalised) const {
  if (needle_.empty()) return true;
  while (true) {
    const auto* found = static_cast<const char*>(memmem(normalised.data(), normalised.size(), needle_.data(), needle_.size()));
    if (!found) return false;
    normalised.remove_prefix(static_cast<std::size_t>(found - normalised.data()));
    if (!combines(normalised.substr(needle_.size()))) return true;
    normalised.remove_prefix(1);
  }
}

}  // namespace hikyaku::mime
