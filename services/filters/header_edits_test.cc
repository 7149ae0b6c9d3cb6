#include "services/filters/header_edits.h"

#include <doctest/doctest.h>

using namespace hikyaku::filters;

namespace {
using Kind = HeaderEdit::Kind;
constexpr std::string_view ours = "X-Ours: 1\r\nReceived: from a\r\n\tby b\r\n";
constexpr std::string_view senders = "Subject: one\r\n two\r\nX-A: 1\r\nTo: c\r\nx-a:2\r\n";

std::string edited(std::vector<HeaderEdit> edits, std::string_view end = "\r\n") { return edit_header(std::string(ours) + std::string(senders) + std::string(end), ours.size(), edits); }
}  // namespace

TEST_CASE("where fields go") {
  const std::string top(ours), rest(senders);
  CHECK(edited({}) == top + rest + "\r\n");
  CHECK(edited({{Kind::Append, 0, "X-N", " v"}}) == top + rest + "X-N: v\r\n\r\n");
  CHECK(edited({{Kind::Insert, 0, "X-N", " v"}}) == "X-N: v\r\n" + top + rest + "\r\n");
  CHECK(edited({{Kind::Insert, 1, "X-N", " v"}}) == top + "X-N: v\r\n" + rest + "\r\n");
  CHECK(edited({{Kind::Insert, 2, "X-N", " v"}}) == top + "Subject: one\r\n two\r\nX-N: v\r\nX-A: 1\r\nTo: c\r\nx-a:2\r\n\r\n");
  CHECK(edited({{Kind::Insert, 99, "X-N", " v"}}) == top + rest + "X-N: v\r\n\r\n");
  CHECK(edited({{Kind::Change, 2, "X-A", " 3"}}) == top + "Subject: one\r\n two\r\nX-A: 1\r\nTo: c\r\nX-A: 3\r\n\r\n");
  CHECK(edited({{Kind::Change, 1, "SUBJECT", ""}}) == top + "X-A: 1\r\nTo: c\r\nx-a:2\r\n\r\n");
  CHECK(edited({{Kind::Change, 3, "X-A", ""}}) == top + rest + "\r\n");
  CHECK(edited({{Kind::Remove, 0, "x-A", ""}, {Kind::Remove, 0, "X-Ours", ""}}) == top + "Subject: one\r\n two\r\nTo: c\r\n\r\n");
  CHECK(edited({{Kind::Change, 3, "X-A", " 9"}}) == top + rest + "X-A: 9\r\n\r\n");
  CHECK(edited({{Kind::Change, 1, "Received", ""}}) == top + rest + "\r\n");  // ours is not theirs to change
  CHECK(edited({{Kind::Append, 0, "X-N", " v"}}, "") == top + rest + "X-N: v\r\n");
}

TEST_CASE("edits count with those before them") {
  CHECK(edit_header("A: 1\r\n\r\n", 0, {{Kind::Insert, 1, "B", " 2"}, {Kind::Insert, 1, "C", " 3"}, {Kind::Change, 1, "b", " 4"}}) == "C: 3\r\nb: 4\r\nA: 1\r\n\r\n");
}

TEST_CASE("no value breaks out of its field") {
  struct Row {
    std::string_view value, octets;
  };
  const Row rows[] = {
      {" v", "X: v\r\n"},
      {"", "X:\r\n"},
      {" a\n\tb", "X: a\r\n\tb\r\n"},
      {" a\r\n b\r\n", "X: a\r\n b\r\n"},
      {" a\nEvil: b", "X: a\r\n\tEvil: b\r\n"},
      {" a\n\n\r\n \nbody", "X: a\r\n\tbody\r\n"},
      {"\n\n", "X:\r\n"},
      {" a\rb", "X: ab\r\n"},
  };
  for (const auto& row : rows) CHECK(field_octets("X", row.value) == row.octets);
  CHECK(edit_header("Subject: no end", 0, {{Kind::Append, 0, "X", " v"}}) == "Subject: no end\r\nX: v\r\n");
}
