// SASLprep: the table of RFC 4013 §3 and more; OpaqueString: the tables of RFC 8265 §4.3.
#include <doctest/doctest.h>

#include "protocol/sasl/prepare.h"

using namespace hikyaku::sasl;

TEST_CASE("saslprep") {
  struct Row { std::string_view in, out; };
  for (const Row& row : {Row{"user", "user"}, Row{"USER", "USER"}, Row{"I\u00adX", "IX"}, Row{"\u00aa", "a"},
                         Row{"\u2168", "IX"}, Row{"a\u00a0b", "a b"}, Row{"\uff41\uff42", "ab"}, Row{"\u98db\u811a", "\u98db\u811a"},
                         Row{"\uff76\uff9e", "\u30ac"}, Row{"\U0001f600", "\U0001f600"}})
    CHECK(saslprep(row.in) == std::string(row.out));
  struct Bad { std::string_view in; PrepareFailure why; };
  using enum PrepareFailure;
  for (const Bad& row : {Bad{"", Empty}, Bad{"\u00ad", Empty}, Bad{"\x07", Prohibited}, Bad{"\u0627\u0031", Prohibited},
                         Bad{"a\x7f", Prohibited}, Bad{"\ue000", Prohibited}, Bad{"\u200e", Prohibited},
                         Bad{"\xff", NotUtf8}, Bad{"\xed\xa0\x80", NotUtf8}, Bad{"\xc0\x80", NotUtf8}, Bad{"a\xe3\x81", NotUtf8}}) {
    CAPTURE(row.in);
    const auto got = saslprep(row.in);
    REQUIRE_FALSE(got);
    CHECK(got.error() == row.why);
  }
  CHECK(saslprep(std::string(4097, 'a')).error() == TooLong);
  CHECK(saslprep(std::string(4096, 'a')));
}

TEST_CASE("opaque string") {
  struct Row { std::string_view in, out; };
  for (const Row& row : {Row{"correct horse battery staple", "correct horse battery staple"}, Row{"Correct Horse", "Correct Horse"},
                         Row{"\u03c0\u00df\u00e5", "\u03c0\u00df\u00e5"}, Row{"Jack of \u2666s", "Jack of \u2666s"},
                         Row{"foo\u1680bar", "foo bar"}, Row{"a\u3000b", "a b"}, Row{"\uff41", "\uff41"},
                         Row{"e\u0301", "\u00e9"}, Row{"\u30a2\u30fb\u30a4", "\u30a2\u30fb\u30a4"}, Row{"l\u00b7l", "l\u00b7l"}})
    CHECK(opaque_string(row.in) == std::string(row.out));
  struct Bad { std::string_view in; PrepareFailure why; };
  using enum PrepareFailure;
  for (const Bad& row : {Bad{"", Empty}, Bad{"my cat is a \x09" "by", Prohibited}, Bad{"a\u200bb", Prohibited}, Bad{"a\u200db", Prohibited},
                         Bad{"a\u30fbb", Prohibited}, Bad{"a\u00b7l", Prohibited}, Bad{"\u1100", Prohibited}, Bad{"\ufdd0", Prohibited},
                         Bad{"\u0661\u06f1", Prohibited}, Bad{"\xff", NotUtf8}}) {
    CAPTURE(row.in);
    const auto got = opaque_string(row.in);
    REQUIRE_FALSE(got);
    CHECK(got.error() == row.why);
  }
}

TEST_CASE("preparing twice changes nothing more") {
  for (const std::string_view text : {"\uff76\uff9e", "I\u00adX", "a\u00a0b", "\u2168"}) {
    const auto once = saslprep(text);
    CHECK(saslprep(*once) == *once);
  }
}
