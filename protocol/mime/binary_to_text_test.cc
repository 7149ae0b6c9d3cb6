#include "protocol/mime/binary_to_text.h"

#include <doctest/doctest.h>

#include "protocol/mime/structure.h"
#include "protocol/mime/transfer_encoding.h"

using namespace hikyaku::mime;
using Flaw = BinaryToText::Flaw;

namespace {

using namespace std::string_literals;

struct Result {
  std::string text;
  Flaw flaw = Flaw::None;
  bool eight_bit = false;
};

Result convert(std::string_view text, std::size_t piece = SIZE_MAX) {
  BinaryToText all;
  Result result;
  for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) all.take(text.substr(at, piece), result.text);
  all.finish(result.text);
  result.flaw = all.flaw(), result.eight_bit = all.eight_bit();
  return result;
}

// The same, whatever the pieces are.
std::string converted(std::string_view text) {
  const auto at_once = convert(text);
  CHECK(at_once.flaw == Flaw::None);
  for (const std::size_t piece : {1, 2, 3, 7, 56, 57, 58, 1'000}) {
    CAPTURE(piece);
    CHECK(convert(text, piece).text == at_once.text);
  }
  return at_once.text;
}

std::string every_octet() {
  std::string all;
  for (int n = 0; n < 256; ++n) all += static_cast<char>(n);
  return all;
}

const std::string binary_part = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n";
const std::string base64_part = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";
std::string mixed(const std::string& inside) { return "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\nContent-Transfer-Encoding: binary\r\n\r\n" + inside; }
std::string mixed_8bit(const std::string& inside) { return "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + inside; }

}  // namespace

TEST_CASE("a binary part becomes base64 of exactly its octets, whatever they are") {
  std::string lines = "\r\n\r\n--\r\n-\r\n\r\r\n\n--bb\r\n--b-\r\n --b\r\n--b x\r\n";
  for (const auto& octets : {""s, "x"s, "\0"s, "\r"s, "\n"s, "\r\n"s, "\r\n\r\n"s, every_octet(), every_octet() + every_octet() + "\r\n", lines, std::string(57, 'a'), std::string(58, '\0'),
                             std::string(5'000, '-'), "--" + std::string(2'000, 'b') + "\r\n--", "\r\n--" + std::string(996, 'x') + "\r", std::string(100'000, '\r')}) {
    CAPTURE(octets.size());
    const auto inside = [&](const std::string& body) { return "--b\r\n" + body + "\r\n--b--\r\n"; };
    const auto text = converted(mixed(inside(binary_part + octets)));
    const auto encoded = encode_base64_lines(octets);
    const auto expected = mixed_8bit("--b\r\n" + base64_part + (octets.empty() ? "\r\n" : encoded) + "--b--\r\n");
    CHECK(text == expected);
    CHECK(decode_body(TransferEncoding::Base64, encoded) == octets);
  }
  // The message is one part: all that follows the header is its.
  for (const auto& octets : {"x"s, "\r\n"s, every_octet(), "--b--\r\n"s}) CHECK(converted(binary_part + octets) == base64_part + encode_base64_lines(octets));
}

TEST_CASE("what is lines stays as it is, and so do the form and the fields of what contains parts") {
  const std::string nested =
      "Content-Type: multipart/mixed; boundary=abc\r\n\r\npreamble\r\n--abc\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n日本\r\n--abc \t\r\n"
      "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/alternative; boundary=abcd\r\n\r\n--abcd\r\n\r\none\r\n--abcd--\r\nepilogue --abc\r\n--abc--\r\nthe end";
  CHECK(converted(nested) == nested);
  CHECK(convert(nested).eight_bit);
  CHECK_FALSE(convert("Subject: a\r\n\r\nb\r\n").eight_bit);
  for (const auto& text : {""s, "\r\n"s, "Subject: a"s, "Subject: a\r\n"s, "Subject: a\r\n\r\n"s, "Subject: a\r\n\r\n.\r\n"s,
                           "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"s})
    CHECK(converted(text) == text);
}

TEST_CASE("each binary part of a nested message, under its own boundary") {
  const std::string text =
      "Content-Type: multipart/mixed; boundary=abc\r\n\r\n--abc\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: Binary (all of it)\r\n\r\n"
      "Content-Type: multipart/mixed; boundary=abcd\r\n\r\n--abcd\r\n" + binary_part + "\0\xff\r\n--abc\x80\r\n--abcd\r\n"s + binary_part + "two\r\n--abcd--\r\n"
      "--abc\r\nContent-Type: multipart/digest; boundary=\"x y\"\r\n\r\n--x y\r\n\r\n" + binary_part + "\r\n\r\n--x y--\r\n--abc\r\n" + binary_part + "\r\n--abc--";
  const auto out = converted(text);
  CHECK(out ==
        "Content-Type: multipart/mixed; boundary=abc\r\n\r\n--abc\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "Content-Type: multipart/mixed; boundary=abcd\r\n\r\n--abcd\r\n" + base64_part + encode_base64_lines("\0\xff\r\n--abc\x80"s) + "--abcd\r\n" + base64_part + encode_base64_lines("two") + "--abcd--\r\n"
        "--abc\r\nContent-Type: multipart/digest; boundary=\"x y\"\r\n\r\n--x y\r\n\r\n" + base64_part + encode_base64_lines("\r\n") + "--x y--\r\n--abc\r\n" + base64_part + "\r\n--abc--");
  CHECK_FALSE(convert(text).eight_bit);
  CHECK(converted(out) == out);
}

TEST_CASE("what breaks off is taken as far as it goes") {
  CHECK(converted(mixed("--b\r\n" + binary_part + "abc\r\n-")) == mixed_8bit("--b\r\n" + base64_part + encode_base64_lines("abc\r\n-")));
  CHECK(converted(mixed("--b\r\n" + binary_part + "abc\r\n--b--")) == mixed_8bit("--b\r\n" + base64_part + encode_base64_lines("abc") + "--b--"));
  // A delimiter where the empty line should be.
  CHECK(converted(mixed("--b\r\nContent-Transfer-Encoding: binary\r\n--b\r\n\r\ntext\r\n--b--\r\n")) ==
        mixed_8bit("--b\r\nContent-Transfer-Encoding: base64\r\n--b\r\n\r\ntext\r\n--b--\r\n"));
  // No boundary, or too deep: no container, and it must be lines.
  CHECK(converted("Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: binary\r\n\r\n--\r\n") == "Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--\r\n");
  std::string deep;
  for (int n = 0; n < 200; ++n) deep += "Content-Type: message/rfc822\r\n\r\n";
  CHECK(converted(deep + "x\r\n") == deep + "x\r\n");
}

TEST_CASE("what does not say that it is binary must be lines") {
  struct Row {
    std::string text;
    Flaw flaw;
  };
  for (const auto& row : {Row{"Subject: a\nb: c\r\n\r\n", Flaw::NotLines}, Row{"Subject: \0a\r\n\r\n"s, Flaw::NotLines}, Row{"Subject: a\r\n\r\na\nb", Flaw::NotLines},
                          Row{"Subject: a\r\n\r\na\rb", Flaw::NotLines}, Row{"Subject: a\r\n\r\na\r", Flaw::NotLines}, Row{"Subject: a\r\n\r\n\0"s, Flaw::NotLines},
                          Row{"Subject: a\r\n\r\n" + std::string(999, 'a') + "\r\n", Flaw::NotLines}, Row{mixed("--b\r\n\r\ntext\0\r\n--b--\r\n"s), Flaw::NotLines},
                          Row{mixed("preamble\n--b\r\n"), Flaw::NotLines}, Row{mixed("--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\r\r\n--b--\r\n"), Flaw::NotLines},
                          Row{"Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: binary\r\n\r\n\0"s, Flaw::NotLines},
                          Row{"Content-Type: message/partial\r\nContent-Transfer-Encoding: binary\r\n\r\n\0"s, Flaw::NotLines},
                          Row{"A: " + std::string(300'000, 'a'), Flaw::HeaderTooLong}}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, SIZE_MAX}) CHECK(convert(row.text, piece).flaw == row.flaw);
  }
}
