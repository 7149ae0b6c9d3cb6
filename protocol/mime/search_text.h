// What SEARCH looks at: the text of a message as a person reads it, normalised so that comparison is a plain octet
// search. NFKC with case folding makes full-width and half-width forms, compatibility kanji, kana with combining marks
// and letter case equal, which is what a Japanese reader expects of a search.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/mime/structure.h"

namespace hikyaku::mime {

// NFKC, case folded (Unicode's NFKC_Casefold), runs of white space as one space; a single line break between two
// characters of Chinese or Japanese script goes away, because Japanese mail is wrapped in the middle of words. Always
// gives valid UTF-8; what is not valid becomes U+FFFD. ASCII text takes a short way.
[[nodiscard]] std::string normalise(std::string_view utf8);

struct TextLimits {
  std::size_t max_octets = 16 * 1024 * 1024;  // of decoded text from one message; the rest is not searched
};

// Decoded UTF-8, not normalised: the fields of the header as "Name: value" lines (BODY and TEXT differ in this).
[[nodiscard]] std::string header_text(std::string_view header);
// The text of one text/* part: transfer encoding and charset decoded, HTML and enriched text without their tags.
[[nodiscard]] std::string part_text(const Part& part, std::string_view message);
// All text parts below the root, those of embedded messages with their headers too, attachments' names included: what
// IMAP SEARCH BODY looks at. An empty line between parts, so that no word runs across them.
[[nodiscard]] std::string body_text(const Structure& structure, std::string_view message, TextLimits limits = {});

// Tags dropped, entities decoded, script and style left out; block ends become line ends. Rough but linear, any input.
[[nodiscard]] std::string strip_html(std::string_view utf8);

// A search string, normalised once and looked for in many normalised texts. An empty one is found everywhere
// (RFC 9051 §6.4.4). A match starts and ends between characters: UTF-8 sees to the octets, and a mark that would
// combine with the last character of the match (か of が) is not cut off.
class Matcher {
 public:
  explicit Matcher(std::string_view utf8);
  [[nodiscard]] bool found_in(std::string_view normalised) const;
  [[nodiscard]] bool found_in_raw(std::string_view utf8) const { return found_in(normalise(utf8)); }
  [[nodiscard]] const std::string& needle() const { return needle_; }

 private:
  std::string needle_;
};

}  // namespace hikyaku::mime
