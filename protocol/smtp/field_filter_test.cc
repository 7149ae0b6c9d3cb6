#include "protocol/smtp/field_filter.h"

#include <doctest/doctest.h>

using hikyaku::smtp::FieldFilter;

namespace {

constexpr std::string_view names[] = {"X-Virus-Status", "X-Virus-Scanned"};

std::string filtered(std::string_view text, std::size_t piece) {
  FieldFilter filter(names);
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) filter.take(text.substr(0, piece), [&](std::string_view part) { out += part; });
  return out + filter.finish();
}

struct Row {
  std::string_view in, out;
};
constexpr Row rows[] = {
    {"X-Virus-Status: Clean\r\nSubject: a\r\n\r\nbody", "Subject: a\r\n\r\nbody"},
    {"Subject: a\r\nx-virus-STATUS : Clean\r\n and more\r\n\tand more\r\nTo: b\r\n\r\nX-Virus-Status: Clean\r\n", "Subject: a\r\nTo: b\r\n\r\nX-Virus-Status: Clean\r\n"},
    {"X-Virus-Scanned:a\r\nX-Virus-Status:\r\n b\r\n\r\n", "\r\n"},
    {"X-Virus-Status: Clean", ""},
    {"X-Virus-Status: Clean\nSubject: a\n\nbody", "Subject: a\n\nbody"},
    // What only looks like it stays.
    {"X-Virus-Statuses: Clean\r\n\r\n", "X-Virus-Statuses: Clean\r\n\r\n"},
    {"X-Virus-Statu", "X-Virus-Statu"},
    {"X-Virus: Clean\r\nX-Virus-\r\n\r\n", "X-Virus: Clean\r\nX-Virus-\r\n\r\n"},
    {"Subject: a\r\n X-Virus-Status: Clean\r\n\r\n", "Subject: a\r\n X-Virus-Status: Clean\r\n\r\n"},
    {"Subject: X-Virus-Status: Clean\r\n\r\n", "Subject: X-Virus-Status: Clean\r\n\r\n"},
    {"X-Virus-Status\r\n\r\n", "X-Virus-Status\r\n\r\n"},
    {"X-Virus-Status x: y\r\n\r\n", "X-Virus-Status x: y\r\n\r\n"},
    {"\r\nX-Virus-Status: Clean\r\n", "\r\nX-Virus-Status: Clean\r\n"},
    {"\r", "\r"}, {"\rX", "\rX"}, {"", ""}, {"\n", "\n"},
};

}  // namespace

TEST_CASE("field filter: fields of ours go, with their folded lines, whatever the pieces") {
  for (const auto& row : rows)
    for (const std::size_t piece : {1, 2, 3, 7, 16, 1'000}) {
      CAPTURE(row.in);
      CAPTURE(piece);
      CHECK(filtered(row.in, piece) == row.out);
    }
}

TEST_CASE("field filter: blanks without end before a colon hide nothing") {
  const std::string text = "X-Virus-Status" + std::string(100'000, ' ') + ": Clean\r\n\r\n";
  CHECK(filtered(text, 4'096) == "\r\n");
}
