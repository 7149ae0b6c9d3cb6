#include <doctest/doctest.h>

#include "protocol/mime/parameters.h"

using namespace hikyaku::mime;

namespace {
std::string shown(std::string_view value) {
  TextStore store;
  const auto parsed = parse_parameterised(value, store);
  std::string out = std::string(parsed.first) + "/" + std::string(parsed.second);
  for (const auto& [name, text] : parsed.parameters) out += "|" + std::string(name) + "=" + std::string(text);
  return out;
}

std::string decoded(std::string_view value, std::string_view name) {
  TextStore store;
  return decoded_parameter(parse_parameterised(value, store).parameters, name).value_or("(none)");
}
}  // namespace

TEST_CASE("parameters: as written") {
  const std::pair<const char*, const char*> rows[] = {
      {" text/plain; charset=us-ascii (Plain text)", "text/plain|charset=us-ascii"},
      {"text/plain; charset=\"us-ascii\"", "text/plain|charset=us-ascii"},
      {"Message / RFC822", "Message/RFC822"},
      {"(a) text (b) / (c) html (d) ; (e) x (f) = (g) y (h)", "text/html|x=y"},
      {"attachment; filename=\"a;b\\\"c\"", "attachment/|filename=a;b\"c"},
      {"attachment;\r\n\tfilename=\"a\r\n b\"", "attachment/|filename=a b"},
      // broken
      {"", "/"},
      {";", "/"},
      {"/", "/"},
      {"text", "text/"},
      {"text/plain;", "text/plain"},
      {"text/plain;;; ;x=y", "text/plain|x=y"},
      {"text/plain; =y; x", "text/plain"},
      {"text/plain; x=", "text/plain|x="},
      {"text/plain; name=my file.txt; x=y", "text/plain|name=my file.txt|x=y"},
      {"text/plain; charset=utf-8 format=flowed", "text/plain|charset=utf-8|format=flowed"},
      {"text/plain charset=utf-8", "text/plain|charset=utf-8"},
      {"text/plain junk junk; x=y", "text/plain|x=y"},
      {"text/plain charset", "text/plain"},
      {"text/plain; name=\"open", "text/plain|name=open"},
      {"text/plain; name=\"a\"b; x=y", "text/plain|name=a|x=y"},
      {"attachment; filename==?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "attachment/|filename==?ISO-2022-JP?B?GyRCRnxLXBsoQg==?="},
      {"attachment; filename= =?utf-8?Q?a?= =?utf-8?Q?b?=", "attachment/|filename==?utf-8?Q?a?= =?utf-8?Q?b?="},
      {"attachment; filename=\"\x83\x5c.txt\"; x=y", "attachment/|filename=\x83\x5c.txt|x=y"},
      {"attachment; filename=\"\x1b$B\x22\x22\x1b(B.txt\"", "attachment/|filename=\x1b$B\x22\x22\x1b(B.txt"},
  };
  for (const auto& [value, want] : rows) {
    INFO(value);
    CHECK(shown(value) == want);
  }
  std::string many = "text/plain";
  for (int i = 0; i < 1000; ++i) many += ";a=b";
  TextStore store;
  CHECK(parse_parameterised(many, store).parameters.size() == max_parameters);
}

TEST_CASE("parameters: as people read them") {
  const std::pair<const char*, const char*> rows[] = {
      {"a/b; name=x", "x"},
      {"a/b; other=x", "(none)"},
      // RFC 2231 §3, §4, §4.1
      {"a/b; name*0=\"ftp://\"; name*1=\"cs.utk.edu/pub\"", "ftp://cs.utk.edu/pub"},
      {"a/b; name*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "This is ***fun***"},
      {"a/b; name*0*=us-ascii'en'This%20is%20even%20more%20; name*1*=%2A%2A%2Afun%2A%2A%2A%20; name*2=\"isn't it!\"",
       "This is even more ***fun*** isn't it!"},
      {"a/b; name*2=c; name*0=a; name*1=b", "abc"},
      {"a/b; name*=utf-8''%E6%97%A5%E6%9C%AC.txt; name=\"plain.txt\"", "日本.txt"},
      {"a/b; name*=iso-2022-jp'ja'%1B$B%46%7C%4B%5C%1B%28B.txt", "日本.txt"},
      {"a/b; name*0*=shift_jis''%93%FA%96; name*1*=%7B.txt", "日本.txt"},  // a character cut between pieces
      {"a/b; name*=''x%20y", "x y"},
      // broken
      {"a/b; name*=no-quotes%20here", "no-quotes here"},
      {"a/b; name*=utf-8''%zz%4", "%zz%4"},
      {"a/b; name*0=a; name*2=c", "a"},
      {"a/b; name*0=a; name*0=b; name*1=c", "ac"},
      {"a/b; name*1=b; name*2=c", "bc"},
      {"a/b; name*99999999999999999999=b; name=c", "c"},
      {"a/b; name*x=b; name=c", "c"},
      // RFC 2047 where RFC 2231 belongs
      {"a/b; name=\"=?ISO-2022-JP?B?GyRCRnxLXBsoQi50eHQ=?=\"", "日本.txt"},
      {"a/b; name=\"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\r\n =?ISO-2022-JP?B?LnR4dA==?=\"", "日本.txt"},
      {"a/b; name*0=\"=?utf-8?B?5pel5py\"; name*1=\"sLnR4dA==?=\"", "日本.txt"},
      {"a/b; name=\"\x93\xfa\x96\x7b\x82\xcc.txt\"", "日本の.txt"},
      {"a/b; name=\"\x1b$BF|K\\\x1b(B.txt\"", "日本.txt"},
  };
  for (const auto& [value, want] : rows) {
    INFO(value);
    CHECK(decoded(value, "name") == want);
  }
}
