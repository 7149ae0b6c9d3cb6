#include "protocol/dkim/canonical.h"

#include <doctest/doctest.h>

#include "protocol/dkim/message.h"

namespace hikyaku::dkim {
namespace {

struct Collect {
  std::string text;
  void operator()(std::string_view piece) { text += piece; }
};

std::string body(Form form, std::string_view text, std::size_t step = 1'000'000) {
  CanonicalBody<Collect> canonical(form, {});
  for (std::size_t at = 0; at < text.size(); at += step) canonical.feed(text.substr(at, step));
  canonical.finish();
  return canonical.sink().text;
}
std::string field(Form form, std::string_view whole) {
  std::string out;
  append_canonical_field(form, whole, out);
  return out;
}

TEST_CASE("bodies, as RFC 6376 §3.4.3 to §3.4.5 have them, however they are cut") {
  struct Row {
    std::string_view text, simple, relaxed;
  };
  const Row rows[] = {
      {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},  // the RFC's example
      {"", "\r\n", ""},
      {"\r\n", "\r\n", ""},
      {"\r\n\r\n\r\n", "\r\n", ""},
      {" \t\r\n \r\n", " \t\r\n \r\n", ""},
      {" ", " \r\n", ""},
      {"a", "a\r\n", "a\r\n"},
      {"a\r\n", "a\r\n", "a\r\n"},
      {"a\r\n\r\nb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
      {"\r\n\r\na \r\n \r\n\tb\t\r\n", "\r\n\r\na \r\n \r\n\tb\t\r\n", "\r\n\r\na\r\n\r\n b\r\n"},
      {"a\r", "a\r\r\n", "a\r\r\n"},
      {"a\rb \r c\n\nd\r\n", "a\rb \r c\n\nd\r\n", "a\rb \r c\n\nd\r\n"},
      {"a\r\r\nb", "a\r\r\nb\r\n", "a\r\r\nb\r\n"},
      {"a \r\r\n", "a \r\r\n", "a \r\r\n"},
      {"a\r\n \t", "a\r\n \t\r\n", "a\r\n"},
      {"x  \t y\r\n", "x  \t y\r\n", "x y\r\n"},
  };
  for (const auto& row : rows)
    for (std::size_t step = 1; step <= row.text.size() + 1; ++step) {
      CHECK(body(Form::Simple, row.text, step) == row.simple);
      CHECK(body(Form::Relaxed, row.text, step) == row.relaxed);
    }
}

TEST_CASE("header fields, as RFC 6376 §3.4.1, §3.4.2 and §3.4.5 have them") {
  struct Row {
    std::string_view text, relaxed;
  };
  const Row rows[] = {
      {"A: X\r\n", "a:X\r\n"},
      {"B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
      {"Subject:\r\n", "subject:\r\n"},
      {"Subject: \t\r\n", "subject:\r\n"},
      {"SUBJect:AbC\r\n", "subject:AbC\r\n"},
      {"Subject:\r\n a\r\n  b\r\n", "subject:a b\r\n"},
      {"To: a\t \tb", "to:a b\r\n"},
      {"To:a\r\n\r\n", "to:a\r\n"},
  };
  for (const auto& row : rows) CHECK(field(Form::Relaxed, row.text) == row.relaxed);
  CHECK(field(Form::Simple, "B : Y\t\r\n\tZ  \r\n") == "B : Y\t\r\n\tZ  \r\n");
  CHECK(field(Form::Simple, "B:y") == "B:y\r\n");
}

TEST_CASE("l= counts canonical octets, and the hash is of no more than those") {
  const auto hash = [](BodyTerms terms, std::string_view text) {
    BodyHasher hasher(terms);
    hasher.feed(text);
    return hasher.finish();
  };
  const auto whole = hash({Form::Relaxed, {}}, "a  b\r\n");
  const auto part = hash({Form::Relaxed, 5}, "a  b\r\nappended\r\n");
  CHECK(part.digest == whole.digest);
  CHECK(part.canonical_octets == 15);
  CHECK(hash({Form::Relaxed, 4}, "a  b\r\n").digest != whole.digest);
  CHECK(hash({Form::Relaxed, 0}, "a  b\r\n").digest == hash({Form::Relaxed, {}}, "").digest);
  std::string large(100'000, 'x');
  CHECK(hash({Form::Simple, 70'000}, large).digest == hash({Form::Simple, 70'000}, large.substr(0, 70'000)).digest);
}

}  // namespace
}  // namespace hikyaku::dkim
