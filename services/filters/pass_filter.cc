#include "services/filters/pass_filter.h"

#include <algorithm>

#include "protocol/mime/table_text.h"

namespace hikyaku::filters {

using directory::ContentAction;
using directory::ContentPart;
using directory::ContentRow;

ParsedMailDat parse_pass_filter(std::string_view octets, WallTime added) {
  const auto table = mime::read_table(octets);
  ParsedMailDat parsed;
  auto& bad = parsed.bad;
  std::string_view text = table.text;
  for (std::size_t line = 1; !text.empty(); ++line) {
    auto words = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), words.size() + 1));
    const auto first = words.find_first_not_of(" \t\r");
    words = first == std::string_view::npos ? std::string_view{} : words.substr(first, words.find_last_not_of(" \t\r") - first + 1);
    const bool unreadable = std::ranges::binary_search(table.unreadable, line);
    if (!unreadable && (words.empty() || words.front() == '\'' || words.front() == '#')) continue;
    if (parsed.blocks.size() + bad.size() >= directory::most_content_rows) {
      bad.push_back({line, "There are more than 1,000 addresses; write networks, such as 192.0.2.0/24. The rest was not read."});
      break;
    }
    auto row = directory::normal_content_row({.name = mail_dat_row_name(pass_filter_prefix, parsed.blocks.size() + 1, words), .part = ContentPart::Client, .pattern = std::string(words), .action = ContentAction::Pass, .note = "passfilter.dat", .added = added});
    if (unreadable || !row) bad.push_back({line, "The line is no address that mail comes from; write one such as 192.0.2.7 or 192.0.2.0/24."});
    else parsed.blocks.push_back({line, std::string(words), *std::move(row), {}});
  }
  return parsed;
}

}  // namespace hikyaku::filters
