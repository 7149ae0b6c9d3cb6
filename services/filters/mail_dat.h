// Content rows out of E-Post's mail.dat and virus.dat, one of each block, as far as the blocks' meaning is published (vendor's FAQ 01-81, 04-05, 04-06, 04-13 and 04-15;
// SPA's manual for levels of two digits): the first digit of the level says what is done, the conditions of a block must all be found, blocks count from above.
// What is not published becomes a row in shadow or no row, with the reason: nothing is guessed into a refusal. Pure, linear.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/directory/content.h"
#include "services/directory/gateway_text.h"

namespace hikyaku::filters {

struct ImportedBlock {
  std::size_t line = 0;  // of "Virus:", from 1
  std::string name;      // as it is written there
  directory::ContentRow row;
  std::vector<std::string> remarks;  // what differs from what E-Post does, and why a row is in shadow; sentences
};

// A block that asks a list of hosts of links (RBL:): here settings name those lists ([policy] uri_lists), for everybody.
struct ImportedList {
  std::size_t line = 0;  // of "RBL:"
  std::string name, zone;
  directory::ContentAction action = directory::ContentAction::Refuse;  // Refuse or Tag: what [policy] uri_list can do
  std::vector<std::string> remarks;
};

struct ParsedMailDat {
  std::vector<ImportedBlock> blocks;
  std::vector<ImportedList> lists;
  std::vector<directory::BadRow> bad;  // of lines and of blocks that became no row
};

struct MailDatTerms {
  std::string prefix;     // mail_dat_prefix()
  std::string recipient;  // of a personal table; empty: all
  WallTime added{};
};

// `octets`: of the file. Rows are named "prefix-0001-name" by their places, so that they are tried in the order of the file.
[[nodiscard]] ParsedMailDat parse_mail_dat(std::string_view octets, const MailDatTerms& terms);

// "mail.dat"; of a personal one "mail.dat-of-taro_a.example". Rows for all are tried before personal ones, those of mail.dat before those of virus.dat.
[[nodiscard]] std::string mail_dat_prefix(std::string_view table, std::string_view recipient);
// "prefix-0003-name": letters that a row's name may not have are hyphens.
[[nodiscard]] std::string mail_dat_row_name(std::string_view prefix, std::size_t number, std::string_view name);
// Whether a row of that name came of that table.
[[nodiscard]] bool is_mail_dat_row(std::string_view name, std::string_view prefix);

}  // namespace hikyaku::filters
