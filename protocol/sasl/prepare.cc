#include "protocol/sasl/prepare.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"

namespace hikyaku::sasl {
namespace {

using Utf16 = std::vector<UChar>;
constexpr std::size_t most_octets = 4096;

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

Result<Utf16, PrepareFailure> to_utf16(std::string_view text) {
  Utf16 out(text.size() + 1);
  std::int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8(out.data(), static_cast<std::int32_t>(out.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
  if (U_FAILURE(status)) return failure(PrepareFailure::NotUtf8);
  out.resize(static_cast<std::size_t>(length));
  return out;
}

Result<std::string, PrepareFailure> to_utf8(const Utf16& text) {
  std::string out(text.size() * 3 + 1, '\0');
  std::int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &length, text.data(),
              static_cast<std::int32_t>(text.size()), &status);
  if (U_FAILURE(status)) return failure(PrepareFailure::Prohibited);
  out.resize(static_cast<std::size_t>(length));
  if (out.empty()) return failure(PrepareFailure::Empty);
  return out;
}

const UStringPrepProfile* saslprep_profile() {
  static const std::unique_ptr<UStringPrepProfile, decltype(&usprep_close)> profile = [] {
    UErrorCode status = U_ZERO_ERROR;
    auto* opened = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
    check(U_SUCCESS(status), "ICU has the SASLprep profile");
    return std::unique_ptr<UStringPrepProfile, decltype(&usprep_close)>(opened, &usprep_close);
  }();
  return profile.get();
}

bool has_script(const Utf16& text, std::initializer_list<UScriptCode> wanted) {
  for (std::int32_t at = 0; at < static_cast<std::int32_t>(text.size());) {
    UChar32 c = 0;
    U16_NEXT(text.data(), at, static_cast<std::int32_t>(text.size()), c);
    UErrorCode status = U_ZERO_ERROR;
    const auto script = uscript_getScript(c, &status);
    if (std::ranges::find(wanted, script) != wanted.end()) return true;
  }
  return false;
}

bool is_any_of_script(UChar32 c, UScriptCode wanted) {
  UErrorCode status = U_ZERO_ERROR;
  return uscript_getScript(c, &status) == wanted;
}

// What the context rules of RFC 5892 appendix A need to know of the whole string, found in one walk each.
struct Context {
  bool east_asian = false, arabic_indic = false, extended_arabic_indic = false;
};

Context context_of(const Utf16& text) {
  Context context{.east_asian = has_script(text, {USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_HAN})};
  for (const UChar unit : text) {
    context.arabic_indic |= unit >= 0x660 && unit <= 0x669;
    context.extended_arabic_indic |= unit >= 0x6f0 && unit <= 0x6f9;
  }
  return context;
}

// RFC 5892 appendix A: code points allowed only beside certain others. True when `c` has no rule or meets it.
bool meets_context_rule(UChar32 c, UChar32 before, UChar32 after, const Context& context) {
  switch (c) {
    case 0x200c:
    case 0x200d: return u_getCombiningClass(before) == 9;  // a joiner after a virama
    case 0xb7: return before == 'l' && after == 'l';
    case 0x375: return is_any_of_script(after, USCRIPT_GREEK);
    case 0x5f3:
    case 0x5f4: return is_any_of_script(before, USCRIPT_HEBREW);
    case 0x30fb: return context.east_asian;
    default: break;
  }
  if (c >= 0x660 && c <= 0x669) return !context.extended_arabic_indic;
  if (c >= 0x6f0 && c <= 0x6f9) return !context.arabic_indic;
  return true;
}

// RFC 8264 §4.3.2: what FreeformClass never holds.
bool is_disallowed(UChar32 c) {
  if (c == 0x200c || c == 0x200d) return false;  // a context rule decides
  switch (u_charType(c)) {
    case U_CONTROL_CHAR:
    case U_SURROGATE:
    case U_UNASSIGNED:
    case U_PRIVATE_USE_CHAR: return true;
    default: break;
  }
  const auto syllable = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
  if (syllable == U_HST_LEADING_JAMO || syllable == U_HST_VOWEL_JAMO || syllable == U_HST_TRAILING_JAMO) return true;
  return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
         u_hasBinaryProperty(c, UCHAR_NONCHARACTER_CODE_POINT);
}

bool is_freeform(const Utf16& text) {
  const auto size = static_cast<std::int32_t>(text.size());
  const Context context = context_of(text);
  UChar32 before = 0;
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0, after = 0;
    U16_NEXT(text.data(), at, size, c);
    std::int32_t ahead = at;
    if (ahead < size) U16_NEXT(text.data(), ahead, size, after);
    if (is_disallowed(c) || !meets_context_rule(c, before, after, context)) return false;
    before = c;
  }
  return true;
}

}  // namespace

Result<std::string, PrepareFailure> saslprep(std::string_view text) {
  if (text.empty()) return failure(PrepareFailure::Empty);
  if (text.size() > most_octets) return failure(PrepareFailure::TooLong);
  if (is_printable_ascii(text)) return std::string(text);
  TRY(wide, to_utf16(text));
  Utf16 prepared(wide.size() * 18 + 1);  // NFKC grows a code unit to at most 18
  UParseError where;
  UErrorCode status = U_ZERO_ERROR;
  const auto length =
      usprep_prepare(saslprep_profile(), wide.data(), static_cast<std::int32_t>(wide.size()), prepared.data(),
                     static_cast<std::int32_t>(prepared.size()), USPREP_ALLOW_UNASSIGNED, &where, &status);
  if (U_FAILURE(status)) return failure(PrepareFailure::Prohibited);
  prepared.resize(static_cast<std::size_t>(length));
  return to_utf8(prepared);
}

Result<std::string, PrepareFailure> opaque_string(std::string_view text) {
  if (text.empty()) return failure(PrepareFailure::Empty);
  if (text.size() > most_octets) return failure(PrepareFailure::TooLong);
  if (is_printable_ascii(text)) return std::string(text);
  TRY(wide, to_utf16(text));
  for (UChar& unit : wide)  // every space separator is one code unit
    if (u_charType(unit) == U_SPACE_SEPARATOR) unit = ' ';
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfc = unorm2_getNFCInstance(&status);
  Utf16 composed(wide.size() * 3 + 1);  // NFC grows a code unit to at most 3
  const auto length = unorm2_normalize(nfc, wide.data(), static_cast<std::int32_t>(wide.size()), composed.data(),
                                       static_cast<std::int32_t>(composed.size()), &status);
  check(U_SUCCESS(status), "NFC fits its bound");
  composed.resize(static_cast<std::size_t>(length));
  if (!is_freeform(composed)) return failure(PrepareFailure::Prohibited);
  return to_utf8(composed);
}

}  // namespace hikyaku::sasl
