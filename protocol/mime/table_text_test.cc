#include "protocol/mime/table_text.h"

#include <doctest/doctest.h>

using namespace hikyaku::mime;
using namespace std::string_literals;

TEST_CASE("table texts: UTF-8, UTF-16 with its mark, ISO-2022-JP and Shift_JIS are told apart") {
  struct Row {
    std::string octets, text;
  };
  for (const auto& [octets, text] : std::initializer_list<Row>{{"", ""},
                                                               {"taro\tTaro\r\n", "taro\tTaro\r\n"},
                                                               {"taro\t山田\nno end", "taro\t山田\nno end"},
                                                               {"\xef\xbb\xbftaro\t山田\n", "taro\t山田\n"},
                                                               {"taro\t\x8e\x52\x93\x63\r\nhana\t\x89\xd4\x8e\x71\r\n", "taro\t山田\r\nhana\t花子\r\n"},
                                                               {"a\t\xfb\xfc\n", "a\t髙\n"},        // a vendor's character
                                                               {"\n\na\t\x97\x5c\x92\xe8\x95\x5c\n", "\n\na\t予定表\n"},  // its second octets are in ASCII
                                                               {"taro\t\x1b$B;3ED\x1b(B\n", "taro\t山田\n"},
                                                               {"\xff\xfe"s + "a\0\t\0\x71\x5c\x0a\0"s, "a\t山\n"},
                                                               {"\xfe\xff"s + "\0a\0\t\x5c\x71\0\x0a"s, "a\t山\n"}}) {
    const auto table = read_table(octets);
    CHECK(table.text == text);
    CHECK(table.unreadable.empty());
  }
}

TEST_CASE("table texts: a line that is none of these is named, and left empty") {
  struct Row {
    std::string octets, text;
    std::vector<std::size_t> unreadable;
  };
  for (const auto& [octets, text, unreadable] : std::initializer_list<Row>{{"a\t山田\nb\t\xe5\xb1\nc\n", "a\t山田\n\nc\n", {2}},
                                                                          {"a\t山田\nb\t花子\nc\tJos\xe9\n", "a\t山田\nb\t花子\n\n", {3}},
                                                                          {"\x8e\x52\x93\x63\n\x8e\n\xff\xfd\n", "山田\n\n\n", {2, 3}},
                                                                          {"a\n\x80\n", "a\n\n", {2}},
                                                                          {"# \xff\na\n", "\na\n", {}},
                                                                          {"a\0\t\0"s, "", {1}},
                                                                          {"a\nb\0c\nd"s, "a\n\nd", {2}},
                                                                          {"\xff\xfe"s + "a\0\n\0\0\xd8\n\0b\0"s, "a\n\nb", {2}},
                                                                          {"a\t\x1b$B;3E\n", "", {1}}}) {
    const auto table = read_table(octets);
    CHECK(table.unreadable == unreadable);
    if (!text.empty() || octets.size() < 5) CHECK(table.text == text);
  }
}
