#include "protocol/mime/encoded_word.h"

#include "base/base64.h"
#include "base/cursor.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/header.h"
#include "protocol/mime/transfer_encoding.h"

namespace hikyaku::mime {
namespace {
constexpr std::size_t longest_encoded_word = 75;  // RFC 2047 §2
constexpr std::size_t longest_line = 76;
constexpr std::size_t longest_charset = 80;

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// encoded-word = "=?" charset "?" encoding "?" encoded-text "?="                                       RFC 2047 §2
struct EncodedWord {
  std::string_view charset;
  bool base64 = false;
  std::string_view text;
};

class Decoder {
 public:
  explicit Decoder(std::string_view line) : in_(line) {}
  std::string decode();

 private:
  std::optional<EncodedWord> take_word();
  std::optional<std::string_view> take_encoded_text();
  void add_word(const EncodedWord& word);
  void end_run();
  void end_plain();

  Cursor in_;
  std::string out_;
  std::string plain_;  // text since the last word
  // Octets of the words read in a row: converted together, because mailers split characters between words.
  std::string octets_;
  std::string_view charset_;
  Base64Decoder base64_;
  bool in_run_ = false;
};

std::string Decoder::decode() {
  while (!in_.at_end()) {
    plain_ += in_.take_while([](char c) { return c != '='; });
    if (in_.at_end()) break;
    const auto at = in_.position();
    if (const auto word = take_word()) {
      add_word(*word);
    } else {
      in_.rewind_to(at);
      plain_ += in_.next();
    }
  }
  end_plain();
  return std::move(out_);
}

std::optional<EncodedWord> Decoder::take_word() {
  if (!in_.take("=?")) return std::nullopt;
  EncodedWord word;
  const auto question = in_.rest().substr(0, longest_charset).find('?');
  if (question == std::string_view::npos || question == 0) return std::nullopt;
  word.charset = in_.take_octets(question);
  if (word.charset.find_first_of(" \t=<>\"@") != std::string_view::npos) return std::nullopt;
  in_.next();
  const char encoding = ascii_lower(in_.next());
  if ((encoding != 'b' && encoding != 'q') || !in_.take('?')) return std::nullopt;
  word.base64 = encoding == 'b';
  const auto text = take_encoded_text();
  if (!text) return std::nullopt;
  word.text = *text;
  return word;
}

// Up to "?=", which is taken too. Where another word begins first this one was cut off: stopping there also keeps the
// whole search linear.
std::optional<std::string_view> Decoder::take_encoded_text() {
  const auto rest = in_.rest();
  for (std::size_t i = 0; i + 1 < rest.size(); ++i) {
    if (rest[i] == '?' && rest[i + 1] == '=') return in_.take_octets(i + 2).substr(0, i);
    const bool another = rest[i] == '=' && rest[i + 1] == '?' && !rest.substr(i + 2).starts_with('=');
    if (another) return std::nullopt;
  }
  return std::nullopt;
}

// The Q encoding (RFC 2047 §4.2); a "=" without two hex digits stands for itself.
void append_q_decoded(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '=' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) out += static_cast<char>(high * 16 + low), i += 2;
    else out += text[i] == '_' ? ' ' : text[i];
  }
}

void Decoder::add_word(const EncodedWord& word) {
  // RFC 2047 §6.2: white space between two encoded words is not shown.
  const bool only_space = plain_.find_first_not_of(" \t") == std::string::npos;
  if (in_run_ && only_space) plain_.clear();
  else end_plain();
  if (in_run_ && !equal_ignoring_case(charset_, word.charset)) end_run();
  in_run_ = true;
  charset_ = word.charset;
  if (word.base64) {
    base64_.decode(word.text, octets_);  // a group cut between two words goes on in the next; padding ends it
  } else {
    base64_.finish(octets_);
    append_q_decoded(word.text, octets_);
  }
}

void Decoder::end_run() {
  if (!in_run_) return;
  base64_.finish(octets_);
  out_ += to_utf8(charset_, octets_);
  octets_.clear();
  in_run_ = false;
}

void Decoder::end_plain() {
  end_run();
  if (is_ascii(plain_) && !plain_.contains('\x1b')) out_ += plain_;
  else out_ += guess_to_utf8(plain_);
  plain_.clear();
}

// Controls have no business on a line that people read.
void blank_controls(std::string& text) {
  for (char& c : text)
    if (is_ctl(c)) c = ' ';
}

// Octets of the UTF-8 character that starts at `at`.
std::size_t character_octets(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && end - at < 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return end - at;
}
}  // namespace

std::string decode_header_text(std::string_view value) {
  TextStore store;
  auto out = Decoder(unfold(value, store)).decode();
  blank_controls(out);
  return out;
}

bool needs_encoding(std::string_view utf8) {
  for (const char c : utf8)
    if (is_eight_bit(c) || is_ctl(c)) return true;
  return utf8.contains("=?");
}

std::string encode_header_text(std::string_view utf8, std::size_t first_line_used) {
  constexpr std::string_view start = "=?UTF-8?B?", end = "?=";
  std::string out;
  std::size_t column = first_line_used;
  for (std::size_t at = 0; at < utf8.size();) {
    if (!out.empty()) out += "\r\n ", column = 1;
    const std::size_t room = std::min(longest_encoded_word, longest_line - std::min(column, longest_line / 2));
    const std::size_t octets_that_fit = (room - start.size() - end.size()) / 4 * 3;
    std::size_t taken = 0;
    while (at + taken < utf8.size()) {
      const auto octets = character_octets(utf8, at + taken);
      if (taken > 0 && taken + octets > octets_that_fit) break;
      taken += octets;
    }
    out += start, out += base64_encode(utf8.substr(at, taken)), out += end;
    at += taken;
  }
  return out;
}

}  // namespace hikyaku::mime
