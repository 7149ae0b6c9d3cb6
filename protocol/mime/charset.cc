#include "protocol/mime/charset.h"

#include <uchardet/uchardet.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ustring.h>

#include <memory>
#include <unordered_map>

#include "base/cursor.h"

namespace hikyaku::mime {
namespace {
constexpr std::size_t guessed_from_octets = 64 * 1024;
constexpr std::size_t most_converters = 64;  // names come from mail: the cache must not grow with them
constexpr std::size_t longest_name = 60;

struct Alias {
  std::string_view label, converter;
};
// Where mail means more, or something else, than the label says.
constexpr Alias aliases[] = {
    {"iso-2022-jp", "ISO_2022,locale=ja,version=4"},  // NEC and IBM rows, JIS X 0212, half-width kana in 7 and 8 bits
    {"iso-2022-jp-1", "ISO_2022,locale=ja,version=4"},
    {"iso-2022-jp-2", "ISO-2022-JP-2"},
    {"iso-2022-jp-3", "ISO_2022,locale=ja,version=4"},
    {"iso-2022-jp-ms", "ISO_2022,locale=ja,version=4"},
    {"csiso2022jp", "ISO_2022,locale=ja,version=4"},
    {"cp50220", "ISO_2022,locale=ja,version=4"},
    {"cp50221", "ISO_2022,locale=ja,version=4"},
    {"cp50222", "ISO_2022,locale=ja,version=3"},  // half-width kana by SO and SI
    {"jis", "ISO_2022,locale=ja,version=4"},
    {"shift_jis", "windows-932"},
    {"shift-jis", "windows-932"},
    {"sjis", "windows-932"},
    {"x-sjis", "windows-932"},
    {"ms_kanji", "windows-932"},
    {"ms932", "windows-932"},
    {"cp932", "windows-932"},
    {"windows-31j", "windows-932"},
    {"x-euc-jp", "EUC-JP"},
    {"eucjp", "EUC-JP"},
    {"euc_jp", "EUC-JP"},
    {"cp51932", "EUC-JP"},
    {"eucjp-ms", "EUC-JP"},
    {"unicode-1-1-utf-7", "UTF-7"},
    {"utf8", "UTF-8"},
    {"utf-8-mac", "UTF-8"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"iso-8859-1", "windows-1252"},  // the octets 80-9F are never controls in mail
    {"latin1", "windows-1252"},
    {"iso-8859-9", "windows-1254"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-8-e", "ISO-8859-8"},
    {"tis-620", "windows-874"},
    {"iso-8859-11", "windows-874"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"ks_c_5601-1987", "windows-949"},
    {"ksc_5601", "windows-949"},
    {"euc-kr", "windows-949"},
    {"big5", "windows-950"},
    {"cn-big5", "windows-950"},
    {"us-ascii", "US-ASCII"},
    {"ascii", "US-ASCII"},
    {"ansi_x3.4-1968", "US-ASCII"},
};

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

// ICU's own substitution gives U+001A for single octets; readers know U+FFFD.
void U_CALLCONV replace_by_fffd(const void*, UConverterToUnicodeArgs* arguments, const char*, std::int32_t,
                                UConverterCallbackReason reason, UErrorCode* status) {
  if (reason > UCNV_IRREGULAR) return;
  constexpr char16_t replacement = 0xfffd;
  *status = U_ZERO_ERROR;
  ucnv_cbToUWriteUChars(arguments, &replacement, 1, 0, status);
}

// "ISO-2022-JP*ja" (RFC 2231 §5), quotes and space around it taken away; lower case.
std::string label(std::string_view charset) {
  while (!charset.empty() && (charset.front() == ' ' || charset.front() == '"' || charset.front() == '\''))
    charset.remove_prefix(1);
  charset = charset.substr(0, charset.find_first_of("*\"' \t;"));
  return ascii_lower(charset.substr(0, longest_name));
}

std::string converter_name(const std::string& charset) {
  for (const auto& [known, converter] : aliases)
    if (charset == known) return std::string(converter);
  if (charset.starts_with("cp-")) return "cp" + charset.substr(3);
  if (charset.starts_with("x-") && charset.size() > 2 && !charset.starts_with("x-unknown")) return charset.substr(2);
  return charset;
}

// Opened once for each thread and label; nullptr: ICU knows no such charset.
UConverter* converter_for(const std::string& charset) {
  thread_local std::unordered_map<std::string, Converter> opened;
  if (const auto found = opened.find(charset); found != opened.end()) return found->second.get();
  if (charset.empty()) return nullptr;
  UErrorCode status = U_ZERO_ERROR;
  Converter converter(ucnv_open(converter_name(charset).c_str(), &status));
  if (U_FAILURE(status)) return nullptr;
  ucnv_setToUCallBack(converter.get(), replace_by_fffd, nullptr, nullptr, nullptr, &status);
  ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  if (opened.size() >= most_converters) opened.clear();
  return opened.emplace(charset, std::move(converter)).first->second.get();
}

std::string utf16_to_utf8(std::u16string_view text) {
  std::string out(text.size() * 3, '\0');
  std::int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data(), static_cast<std::int32_t>(out.size()), &length, text.data(),
                     static_cast<std::int32_t>(text.size()), 0xfffd, nullptr, &status);
  out.resize(U_FAILURE(status) ? 0 : static_cast<std::size_t>(length));
  return out;
}

// In pieces, so that a large body needs no third copy of itself at once.
std::string converted(UConverter* converter, std::string_view octets) {
  constexpr std::size_t piece = 16 * 1024;
  std::u16string wide(piece, u'\0');
  std::string out;
  out.reserve(octets.size() * 3 / 2);
  ucnv_resetToUnicode(converter);
  const char* source = octets.data();
  const char* const end = source + octets.size();
  char16_t kept = 0;  // a high surrogate whose other half is in the next piece
  while (true) {
    UErrorCode status = U_ZERO_ERROR;
    std::size_t used = 0;
    if (kept != 0) wide[used++] = kept, kept = 0;
    char16_t* target = wide.data() + used;
    ucnv_toUnicode(converter, &target, wide.data() + piece, &source, end, nullptr, true, &status);
    used = static_cast<std::size_t>(target - wide.data());
    const bool full = status == U_BUFFER_OVERFLOW_ERROR;
    if (full && used > 0 && U16_IS_LEAD(wide[used - 1])) kept = wide[--used];
    out += utf16_to_utf8(std::u16string_view(wide).substr(0, used));
    if (!full) return out;
  }
}

// Octets of the UTF-8 character at the start; 0: not valid.                                        RFC 3629 §4
std::size_t utf8_character(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && at(1) < 0xa0;
    const bool surrogate = lead == 0xed && at(1) > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && at(1) < 0x90;
    const bool beyond = lead == 0xf4 && at(1) > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

enum class Utf8Kind : std::uint8_t { Valid, Damaged, SomethingElse };  // Damaged: some characters are right

Utf8Kind utf8_kind(std::string_view text) {
  bool any = false, bad = false;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_eight_bit(text[at])) {
      ++at;
      continue;
    }
    const auto octets = utf8_character(text.substr(at, 4));
    any = any || octets > 1, bad = bad || octets == 0;
    at += octets == 0 ? 1 : octets;
  }
  return !bad ? Utf8Kind::Valid : any ? Utf8Kind::Damaged : Utf8Kind::SomethingElse;
}

// How many kana the octets hold when read as Shift_JIS; 0 when they cannot be it.
std::size_t shift_jis_kana(std::string_view text) {
  std::size_t kana = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80 || (lead >= 0xa1 && lead <= 0xdf)) continue;
    if (i + 1 == text.size()) return kana;
    const auto trail = static_cast<unsigned char>(text[++i]);
    if (lead == 0x80 || lead == 0xa0 || lead > 0xfc || trail < 0x40 || trail == 0x7f || trail > 0xfc) return 0;
    if ((lead == 0x82 && trail >= 0x9f && trail <= 0xf1) || (lead == 0x83 && trail <= 0x96)) ++kana;
  }
  return kana;
}

// The same for EUC-JP, whose kana are rows 4 and 5.
std::size_t euc_jp_kana(std::string_view text) {
  std::size_t kana = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) continue;
    if (i + 1 == text.size()) return kana;
    const auto trail = static_cast<unsigned char>(text[++i]);
    const bool pair = (lead >= 0xa1 && lead <= 0xfe) || lead == 0x8e || lead == 0x8f;
    if (!pair || trail < 0xa1 || trail == 0xff) return 0;
    if (lead == 0x8f) ++i;
    if (lead == 0xa4 || lead == 0xa5) ++kana;
  }
  return kana;
}

std::string detected(std::string_view octets) {
  const std::unique_ptr<uchardet, void (*)(uchardet*)> detector(uchardet_new(), uchardet_delete);
  if (!detector || uchardet_handle_data(detector.get(), octets.data(), octets.size()) != 0) return {};
  uchardet_data_end(detector.get());
  return label(uchardet_get_charset(detector.get()));
}

std::string guessed_charset(std::string_view sample) {
  for (const auto escape : {"\x1b$B", "\x1b$@", "\x1b(J", "\x1b(I", "\x1b$(D"})
    if (sample.contains(escape)) return "iso-2022-jp";
  if (sample.contains("\x1b$)C")) return "iso-2022-kr";
  // uchardet needs long texts; a few kana settle the two Japanese ones in a subject.
  const auto shift_jis = shift_jis_kana(sample), euc_jp = euc_jp_kana(sample);
  if (shift_jis > 0 || euc_jp > 0) return euc_jp >= shift_jis ? "euc-jp" : "shift_jis";
  const auto found = detected(sample);
  return found.empty() || found == "us-ascii" || found == "ascii" ? "windows-1252" : found;
}
}  // namespace

bool is_valid_utf8(std::string_view text) { return utf8_kind(text) == Utf8Kind::Valid; }

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (is_eight_bit(c)) return false;
  return true;
}

bool is_known_charset(std::string_view charset) { return converter_for(label(charset)) != nullptr; }

std::string guess_to_utf8(std::string_view octets) {
  const bool escapes = octets.contains('\x1b');
  if (!escapes && is_valid_utf8(octets)) return std::string(octets);
  const auto charset = guessed_charset(octets.substr(0, guessed_from_octets));
  auto* converter = converter_for(charset);
  return converted(converter ? converter : converter_for("windows-1252"), octets);
}

std::string to_utf8(std::string_view charset, std::string_view octets) {
  const auto name = label(charset);
  const auto known = converter_name(name);
  if (known == "UTF-8" || name == "utf-8") {
    const auto kind = utf8_kind(octets);
    if (kind == Utf8Kind::Valid) return std::string(octets);
    return kind == Utf8Kind::Damaged ? converted(converter_for("utf-8"), octets) : guess_to_utf8(octets);
  }
  if (known == "US-ASCII") return guess_to_utf8(octets);
  auto* converter = converter_for(name);
  return converter ? converted(converter, octets) : guess_to_utf8(octets);
}

std::string from_utf8(std::string_view charset, std::string_view text) {
  auto* converter = converter_for(label(charset));
  if (!converter || !is_valid_utf8(text)) return {};
  UErrorCode status = U_ZERO_ERROR;
  std::u16string wide(text.size(), u'\0');
  std::int32_t length = 0;
  u_strFromUTF8(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
  std::string out(UCNV_GET_MAX_BYTES_FOR_STRING(static_cast<std::size_t>(length), ucnv_getMaxCharSize(converter)), '\0');
  const auto octets = ucnv_fromUChars(converter, out.data(), static_cast<std::int32_t>(out.size()), wide.data(), length, &status);
  out.resize(U_FAILURE(status) ? 0 : static_cast<std::size_t>(octets));
  return out;
}

}  // namespace hikyaku::mime
