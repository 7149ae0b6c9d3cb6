#include <doctest/doctest.h>

#include "protocol/mime/header.h"

using namespace hikyaku::mime;

TEST_CASE("header: fields cover the header without a gap, whatever it holds") {
  const std::string headers[] = {"",
                                 "\r\n",
                                 "a: b\r\n\r\nbody",
                                 "a: b\n c\n\td\n\nbody",
                                 " stray\na: b",
                                 "no colon\nFrom x@y Mon Jan 1\n: empty name\na b: c\n\n",
                                 "a : old style\r\n\r\n",
                                 std::string("n\0l: x\n\n", 8),
                                 "a:\r\nb:",
                                 "\n\n"};
  for (const auto& header : headers) {
    INFO(header);
    HeaderReader reader(header);
    std::string all;
    while (const auto field = reader.next()) {
      CHECK(field->offset == all.size());
      all += field->whole;
    }
    CHECK(all == header.substr(0, reader.position()));
    CHECK(header_octets(header) >= reader.position());
    CHECK(header_octets(header) <= reader.position() + 2);
  }
}

TEST_CASE("header: names and values") {
  const std::string header = "Subject: one\r\n two\r\nX-Old : three\r\nFrom a b: c\r\n: d\r\nX:\r\n\r\n";
  HeaderReader reader(header);
  auto field = reader.next();
  CHECK(field->is("subject"));
  CHECK(field->value == " one\r\n two");
  field = reader.next();
  CHECK(field->name == "X-Old");
  CHECK(reader.next()->name == "");
  CHECK(reader.next()->name == "");
  CHECK(reader.next()->value == "");
  CHECK(!reader.next());
  CHECK(!find_field(header, "Sub"));
  CHECK(find_field(header, "X-OLD")->value == " three");
}

TEST_CASE("header: selection keeps octets, order and the empty line") {
  const std::string header = "A: 1\r\nB: 2\r\n 3\r\na: 4\r\n\r\n";
  const std::string names[] = {"A", "C"};
  CHECK(select_fields(header, names, FieldSelection::Only) == "A: 1\r\na: 4\r\n\r\n");
  CHECK(select_fields(header, names, FieldSelection::Except) == "B: 2\r\n 3\r\n\r\n");
  CHECK(select_fields("A: 1", names, FieldSelection::Only) == "A: 1");
  CHECK(select_fields("", names, FieldSelection::Only) == "");
}

TEST_CASE("header: unfolding") {
  TextStore store;
  const std::pair<std::string, std::string> rows[] = {{" x ", "x"},
                                                      {"", ""},
                                                      {" \r\n ", ""},
                                                      {" a\r\n b", "a b"},
                                                      {" a\r\n\tb\n  c", "a b  c"},
                                                      {"a\rb", "ab"},
                                                      {std::string("a\0b", 3), "ab"}};
  for (const auto& [value, line] : rows) CHECK(unfold(value, store) == line);
}
