// Any octets decode to one line of UTF-8 (as header text, as body in every encoding, as charset named by the first line),
// and UTF-8 that was encoded decodes to itself.
#include "base/check.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/search_text.h"
#include "protocol/mime/transfer_encoding.h"

using namespace hikyaku;
using namespace hikyaku::mime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto text = decode_header_text(input);
  check(is_valid_utf8(text), "header text is UTF-8");
  check(text.find_first_of("\r\n") == std::string::npos, "header text is one line");
  if (is_valid_utf8(input) && input.find_first_of(std::string_view("\0\x1b", 2)) == std::string_view::npos) {
    bool controls = false;
    for (const char c : input) controls = controls || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!controls) check(decode_header_text(encode_header_text(input, 9)) == input, "what was encoded is decoded");
  }
  QuotedPrintableDecoder whole, pieces;
  std::string at_once, bit_by_bit;
  whole.decode(input, at_once), whole.finish(at_once);
  for (const char& c : input) pieces.decode(std::string_view(&c, 1), bit_by_bit);
  pieces.finish(bit_by_bit);
  check(at_once == bit_by_bit, "any cut gives the same octets");
  check(decode_body(TransferEncoding::Base64, encode_base64_lines(input)) == input, "base64 goes both ways");
  check(decode_body(TransferEncoding::QuotedPrintable, encode_quoted_printable(input)) == input, "quoted-printable too");
  const auto line = input.find('\n');
  if (line != std::string_view::npos) {
    const auto converted = to_utf8(input.substr(0, line), input.substr(line + 1));
    check(is_valid_utf8(converted), "converted text is UTF-8");
    check(is_valid_utf8(strip_html(converted)), "and without tags");
    check(is_valid_utf8(normalise(converted)), "and normalised");
  }
  return 0;
}
