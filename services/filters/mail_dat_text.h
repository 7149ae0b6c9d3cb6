// The blocks of E-Post's mail.dat and virus.dat, as they are written; what they mean is mail_dat.h's. Pure, linear, bounded.
//
//   Virus:name            ' begins a comment
//   Subject:words         and From:, To:, Unique-Header:Name: words
//   Body:                 lines up to BodyEnd:
//   Attach:words
//   RBL:multi.surbl.org   a list of hosts of links; perhaps TAB name server,Y or N "white list"
//   Level:110
//   Tag:words
//   Warning:              lines up to WarningEnd:
//   VirusEnd:
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/directory/gateway_text.h"

namespace hikyaku::filters {

struct MailDatItem {
  enum class Kind : std::uint8_t { Header, Body, Attach };
  Kind kind = Kind::Header;
  std::string field;  // Header: "Subject", or what stands in Unique-Header
  std::string value;  // decoded from encoded words; perhaps empty
};

struct MailDatList {
  std::size_t line = 0;
  std::string zone;
  std::string terms;  // what stands behind it
};

struct MailDatBlock {
  std::size_t line = 0;  // of "Virus:", from 1
  std::string name, level, warning;
  std::vector<MailDatItem> items;
  std::vector<MailDatList> lists;
  std::vector<std::size_t> unknown;   // lines whose meaning is not known
  std::size_t levels = 0;             // how many Level: lines
  bool comment_in_body = false;       // a line of Body: begins with '
};

struct MailDatText {
  std::vector<MailDatBlock> blocks;    // whole ones
  std::vector<directory::BadRow> bad;  // lines outside any block, and blocks without an end
};

inline constexpr std::size_t most_mail_dat_blocks = 1'000, most_block_items = 100;

// Any octets: UTF-8, ISO-2022-JP or, as E-Post reads it, Shift_JIS; UTF-16 with its mark (table_text.h). A line of a block in none of
// these is one whose meaning is not known.
[[nodiscard]] MailDatText read_mail_dat(std::string_view octets);

}  // namespace hikyaku::filters
