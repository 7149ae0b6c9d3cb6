#include <doctest/doctest.h>

#include "protocol/mime/charset.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/transfer_encoding.h"

using namespace hikyaku::mime;

TEST_CASE("encoded words: RFC 2047 §8 and Japanese mail") {
  const std::pair<const char*, const char*> rows[] = {
      {"(=?ISO-8859-1?Q?a?=)", "(a)"},
      {"(=?ISO-8859-1?Q?a?= b)", "(a b)"},
      {"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
      {"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"},
      {"(=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=)", "(ab)"},
      {"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
      {"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"},
      {"=?iso-8859-1?q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen"},
      {"=?utf-8*ja?Q?=E6=97=A5?=", "日"},
      {"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"},
      {"Re: =?iso-2022-jp?b?GyRCRnxLXBsoQg==?= text", "Re: 日本 text"},
      {"=?Shift_JIS?B?k/qWew==?=", "日本"},
      {"=?EUC-JP?B?xvzL3A==?=", "日本"},
      {"=?ISO-2022-JP?B?GyRCLSEtahsoQg==?=", "①㈱"},                          // NEC row 13
      {"=?ISO-2022-JP?B?GyhJMTIbKEI=?=", "ｱｲ"},                               // half-width kana
      {"=?utf-8?B?5pel5py?= =?utf-8?B?sLnR4dA==?=", "日本.txt"},              // a base64 group cut in two
      {"=?utf-8?B?5pc=?= =?utf-8?B?pQ==?=", "日"},                            // a character cut in two
      {"=?utf-8?Q?=E6=97?= =?UTF-8?Q?=A5?=", "日"},
      {"=?ISO-2022-JP?B?GyRCRnw=?= =?ISO-2022-JP?B?S1wbKEI=?=", "日本"},      // the escape is in the first word only
      {"=?ISO-2022-JP?B?GyRCRnxLXBsoQg?=", "日本"},                           // no padding
      {"\"=?utf-8?B?5pel?=\" <a@b>", "\"日\" <a@b>"},
      {"a=?utf-8?B?5pel?=b", "a日b"},
      {"=?iso-8859-1?q?this is some text?=", "this is some text"},
      {"=?unknown-charset?B?5pel?=", "日"},
      {"\xe6\x97\xa5", "日"},
      {"\x93\xfa\x96\x7b\x8c\xea\x82\xcc", "日本語の"},
      {"\x1b$BF|K\\\x1b(B", "日本"},
      {"fold\r\n ed", "fold ed"},
      // not encoded words
      {"=?", "=?"},
      {"=?utf-8?B?5pel", "=?utf-8?B?5pel"},
      {"=?utf-8?X?5pel?=", "=?utf-8?X?5pel?="},
      {"=??B?5pel?=", "=??B?5pel?="},
      {"=?utf-8?B5pel?=", "=?utf-8?B5pel?="},
      {"=?utf-8?Q?cut =?utf-8?B?5pel?=", "=?utf-8?Q?cut 日"},
      {"a = b", "a = b"},
      {"=?utf-8?Q?=zz=4?=", "=zz=4"},
      {"=?utf-8?Q?" "?=", ""},
      {"=?utf-8?Q?a=0D=0Ab?=", "a  b"},
  };
  for (const auto& [value, want] : rows) {
    INFO(value);
    CHECK(decode_header_text(value) == want);
  }
}

TEST_CASE("encoded words: what is written is read, and no line is too long") {
  std::string text = "日本語の件名";
  for (int i = 0; i < 12; ++i) text += "とても長い𠮷野家";
  for (const std::size_t used : {std::size_t{0}, std::size_t{9}, std::size_t{40}, std::size_t{200}}) {
    const auto written = encode_header_text(text, used);
    CHECK(decode_header_text(written) == text);
    std::size_t start = 0;
    while (start < written.size()) {
      const auto end = std::min(written.find("\r\n", start), written.size());
      CHECK(end - start <= 76);
      start = end + 2;
    }
  }
  CHECK(encode_header_text("") == "");
  CHECK(needs_encoding("日"));
  CHECK(needs_encoding("=?a?="));
  CHECK(needs_encoding("a\nb"));
  CHECK(!needs_encoding("plain text"));
}

TEST_CASE("charsets") {
  struct Row {
    const char *charset, *octets, *want;
  };
  const Row rows[] = {
      {"ISO-2022-JP", "\x1b$B\x79\x21\x7c\x6e\x1b(B", "纊黑"},  // NEC's copy of IBM's kanji
      {"iso-2022-jp", "\xb1\xb2", "ｱｲ"},
      {"cp932", "\xfb\xfc\xed\x40\x87\x8a\x81\x60\\", "髙纊㈱～\\"},
      {"\"Shift_JIS\"", "\x83\x5c", "ソ"},
      {"shift_jis", "a\x82", "a\xef\xbf\xbd"},
      {"EUC-JP", "\xad\xa1\x8e\xb1\x8f\xb0\xa1", "①ｱ丂"},
      {"utf-7", "A+ImIDkQ.", "A≢Α."},
      {"unicode-1-1-utf-7", "+MEI-", "あ"},
      {"utf-8", "\xe6\x97\xa5\xff", "日\xef\xbf\xbd"},
      {"utf-8", "\x93\xfa\x96\x7b\x82\xcc", "日本の"},       // mislabelled
      {"us-ascii", "\xc6\xfc\xcb\xdc\xa4\xce", "日本の"},    // mislabelled EUC-JP
      {"iso-8859-1", "\x93x\x94", "“x”"},
      {"gb2312", "\xc4\xe3", "你"},
      {"ks_c_5601-1987", "\xb0\xa1", "가"},
      {"big5", "\xa7\x41", "你"},
      {"no-such-charset", "caf\xe9", "café"},
      {"", "\x1b$BF|\x1b(B", "日"},
  };
  for (const auto& row : rows) {
    INFO(row.charset);
    CHECK(to_utf8(row.charset, row.octets) == row.want);
  }
  CHECK(is_known_charset("X-SJIS"));
  CHECK(!is_known_charset("no-such-charset"));
  CHECK(!is_known_charset(""));
  CHECK(from_utf8("shift_jis", "日本") == "\x93\xfa\x96\x7b");
  CHECK(from_utf8("us-ascii", "日本") == "");
  CHECK(from_utf8("no-such-charset", "a") == "");
  for (const char* bad : {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\x97", "\xff"}) CHECK(!is_valid_utf8(bad));
  const std::string large(100'000, 'a');
  std::string shift_jis, utf8;
  for (int i = 0; i < 50'000; ++i) shift_jis += "a\x93\xfa", utf8 += "a日";
  CHECK(to_utf8("shift_jis", shift_jis) == utf8);
}

TEST_CASE("transfer encodings: any cut gives the same octets") {
  struct Row {
    const char *encoding, *body, *want;
  };
  const Row rows[] = {
      {"base64", "Zm9v\r\nYmFy\r\n", "foobar"},
      {"BASE64", "Zm9vYg==", "foob"},
      {"base64", "Zm9vYg", "foob"},
      {"base64", "Zm9vYg==Zm9v", "foobfoo"},
      {"base64", "Z*m 9\tv!", "foo"},
      {"base64", "Z", ""},
      {"base64", "====", ""},
      {"quoted-printable", "a=3Db=\r\nc=0d", "a=bc\r"},
      {"Quoted-Printable", "trailing  \t\r\nx", "trailing\r\nx"},
      {"quoted-printable", "soft= \t\r\nline", "softline"},
      {"quoted-printable", "soft=\nline", "softline"},
      {"quoted-printable", "bad=zz=3 =", "bad=zz=3 "},
      {"quoted-printable", "=e3=81=82", "あ"},
      {"quoted-printable", "end ", "end"},
      {"quoted-printable", "a= b", "a= b"},
      {"7bit", "a=3D", "a=3D"},
      {"", "a", "a"},
      {" 8bit (comment)", "a", "a"},
      {"x-uuencode", "a", "a"},
  };
  for (const auto& row : rows) {
    INFO(row.body);
    CHECK(decode_body(transfer_encoding(row.encoding), row.body) == row.want);
    if (transfer_encoding(row.encoding) != TransferEncoding::QuotedPrintable) continue;
    QuotedPrintableDecoder decoder;
    std::string out;
    for (const char* c = row.body; *c != 0; ++c) decoder.decode(std::string_view(c, 1), out);
    decoder.finish(out);
    CHECK(out == row.want);
  }
  CHECK(transfer_encoding("x-uuencode") == TransferEncoding::Unknown);
  std::string octets;
  for (int i = 0; i < 1000; ++i) octets += static_cast<char>(i * 7);
  CHECK(decode_body(TransferEncoding::Base64, encode_base64_lines(octets)) == octets);
  CHECK(decode_body(TransferEncoding::QuotedPrintable, encode_quoted_printable(octets)) == octets);
  const std::string text = "日本語 の 行 \r\n" + std::string(200, 'x') + " \r\n=";
  const auto printed = encode_quoted_printable(text);
  CHECK(decode_body(TransferEncoding::QuotedPrintable, printed) == text);
  for (std::size_t start = 0; start < printed.size();) {
    const auto end = std::min(printed.find("\r\n", start), printed.size());
    CHECK(end - start <= 76);
    start = end + 2;
  }
}
