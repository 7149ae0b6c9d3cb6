#include <doctest/doctest.h>

#include "protocol/mime/search_text.h"

using namespace hikyaku::mime;

TEST_CASE("search: normalised text") {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"Hello  World\r\n", "hello world "},
      {"ＡＢＣ１２３", "abc123"},
      {"ｶﾞｷﾞ", "ガギ"},
      {"か\xe3\x82\x99", "が"},  // with a combining mark
      {"㈱①", "(株)1"},
      {"Straße", "strasse"},
      {"ÉCOLE", "école"},
      {"請求\r\n書", "請求書"},   // wrapped in the middle of a word
      {"請求\r\n\r\n書", "請求 書"},
      {"請求 書", "請求 書"},
      {"full　width", "full width"},
      {"abc\r\n書", "abc 書"},
      {"\xff\xe6\x97\xa5", "\xef\xbf\xbd日"},
      {"zero\xe2\x80\x8bwidth日", "zerowidth日"},
  };
  for (const auto& [text, want] : rows) CHECK(normalise(text) == want);
}

TEST_CASE("search: matching") {
  struct Row {
    const char *needle, *text;
    bool found;
  };
  const Row rows[] = {
      {"", "", true},
      {"", "x", true},
      {"x", "", false},
      {"請求書", "本日の請求書です", true},
      {"書", "請求書", true},
      {"月", "四月", true},
      {"求請", "請求書", false},
      {"か", "が", false},
      {"か", "か\xe3\x82\x99", false},
      {"あ", "あ\xe3\x82\x99", false},        // no composed form: the mark must still not be cut off
      {"あ", "あ\xe3\x82\x99あ", true},
      {"ガス", "ｶﾞｽ料金", true},
      {"ＴＯＫＹＯ", "tokyo", true},
      {"hello world", "Hello\r\n World", true},
      {"helloworld", "hello world", false},
      {"カ", "か", false},
  };
  for (const auto& row : rows) {
    INFO(row.needle);
    CHECK(Matcher(row.needle).found_in_raw(row.text) == row.found);
  }
}

TEST_CASE("search: html") {
  const std::pair<const char*, const char*> rows[] = {
      {"<p>請<b>求</b>書</p>", " 請求書 "},
      {"<style>x{color:red}</style>a<script>alert('<b>')</script>b", "ab"},
      {"<td>東京</td><td>大阪</td>", " 東京 大阪 "},
      {"a<br>b", "a b"},
      {"a &lt; b &amp;&#x41;&#66;&#x;&nosuch; &eacute;&#0;", "a < b &ab&#x;&nosuch; é\xef\xbf\xbd"},
      {"<!-- no <b> -->a<!-- open", "a"},
      {"a < b, c > d", "a < b, c > d"},
      {"a <b", "a <b"},
      {"<title>T</title>x<style>y", " t x"},
      {"&#99999999999;", "\xef\xbf\xbd" "999;"},
  };
  for (const auto& [html, want] : rows) {
    INFO(html);
    CHECK(normalise(strip_html(html)) == want);
  }
  const std::string hostile(200'000, '<');
  CHECK(strip_html(hostile) == hostile);
}

TEST_CASE("search: the text of a message") {
  const std::string message =
      "Subject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n--x\r\n"
      "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$BF|K\\8l\x1b(B\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\nPGI+6KuL5rGC5pu4PC9iPg==\r\n--x\r\nContent-Type: application/pdf\r\n"
      "Content-Disposition: attachment; filename*=utf-8''%E8%A6%8B%E7%A9%8D.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
      "aGlkZGVu\r\n--x\r\nContent-Type: message/partial; id=\"p\"; number=1\r\n\r\npiece of one\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ndeep\r\n--x--\r\n";
  const auto structure = Structure::parse(message);
  const auto header = header_text(structure.root().header.in(message));
  CHECK(header.starts_with("Subject: 日本\n"));
  const auto body = body_text(structure, message);
  for (const char* there : {"日本語", "請求書", "見積.pdf", "inner", "deep", "piece of one"}) CHECK_MESSAGE(Matcher(there).found_in_raw(body), there);
  for (const char* absent : {"preamble", "hidden", "aGlk", "boundary", "<b>", "--x"})
    CHECK_MESSAGE(!Matcher(absent).found_in_raw(body), absent);
  const auto cut = body_text(structure, message, {.max_octets = 4});
  CHECK(cut == "日");
}
