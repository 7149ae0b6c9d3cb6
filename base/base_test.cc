#include <doctest/doctest.h>

#include "base/base64.h"
#include "base/check.h"
#include "base/checksum.h"
#include "base/cursor.h"
#include "base/percent.h"
#include "base/wire.h"

using namespace hikyaku;

TEST_CASE("base64: RFC 4648 §10 vectors, both ways") {
  const std::pair<const char*, const char*> rows[] = {{"", ""},           {"f", "Zg=="},         {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},    {"foob", "Zm9vYg=="},  {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : rows) {
    CHECK(base64_encode(plain) == coded);
    CHECK(base64_decode(coded) == plain);
  }
}

TEST_CASE("base64: what is not canonical is refused") {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "Zm9v\r\n", "====", "=m9v", "Zg==Zg=="})
    CHECK_MESSAGE(!base64_decode(bad).has_value(), bad);
}

TEST_CASE("wire: what was written is read; a short or overlong field breaks the reader for good") {
  const auto bytes = WireWriter{}.u8(7).u32(1U << 31).u64(~0ULL).varint(300).text("飛脚").bytes();
  WireReader in(bytes);
  CHECK(in.u8() == 7);
  CHECK(in.u32() == 1U << 31);
  CHECK(in.u64() == ~0ULL);
  CHECK(in.varint() == 300);
  CHECK(in.text() == "飛脚");
  CHECK(in.complete());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    WireReader torn(std::string_view(bytes).substr(0, cut));
    torn.u8(), torn.u32(), torn.u64(), torn.varint(), torn.text();
    CHECK(torn.broken());
    CHECK(torn.u8() == 0);
  }
  WireReader overlong(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  overlong.varint();
  CHECK(overlong.broken());
}

TEST_CASE("cursor: numbers stop at their limit") {
  Cursor exact("4294967295");
  CHECK(parse_number(exact, 4294967295) == 4294967295);
  for (const char* bad : {"", "x", "4294967296", "99999999999999999999999", "-1"}) {
    Cursor in(bad);
    CHECK_MESSAGE(!parse_number(in, 4294967295), bad);
  }
  Cursor small("7");
  CHECK(!parse_number(small, 5));
}

TEST_CASE("check: a bug is thrown with its place") {
  CHECK_THROWS_AS(check(false, "unreachable"), Bug);
  CHECK_NOTHROW(check(true, "fine"));
}

TEST_CASE("checksum: XXH3's published value for the empty text") { CHECK(checksum("") == 0x2d06800538d394c2ULL); }

TEST_CASE("checksum: in parts as in one") {
  StreamingChecksum parts;
  const std::string text(5000, 'x');
  for (const std::size_t cut : {0, 1, 239, 240, 241, 1024, 4999}) {
    parts.start(7);
    parts.add(text.substr(0, cut));
    parts.add(text.substr(cut));
    CHECK(parts.value() == checksum(text, 7));
    CHECK(parts.value() != checksum(text, 8));
  }
}

TEST_CASE("percent: two hexadecimal digits, or nothing") {
  CHECK(percent_decode("") == "");
  CHECK(percent_decode("a%40b%2C%c3%A9") == "a@b,\xc3\xa9");
  CHECK(percent_decode("%00") == std::string(1, '\0'));
  for (const char* bad : {"%", "%4", "a%4", "%g0", "%0g", "%%40", "% 1"}) CHECK_MESSAGE(!percent_decode(bad), bad);
}
