// Whatever the file is: its rows are rows, and come back as they are printed; what is not known refuses nobody: nothing is enforced beside a remark that it only looks.
#include <algorithm>

#include "base/check.h"
#include "services/filters/mail_dat.h"
#include "services/filters/mail_dat_text.h"
#include "services/filters/pass_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto parsed = filters::parse_mail_dat(octets, {"mail.dat", "", {}});
  for (const auto& list : parsed.lists) check(!list.zone.empty() && list.line > 0, "a list has a name");
  check(parsed.blocks.size() <= filters::most_mail_dat_blocks, "blocks have a bound");
  for (const auto& block : parsed.blocks) {
    check(directory::parse_content_row(directory::print_content_row(block.row)) == block.row, "a row is in its one form");
    check(filters::is_mail_dat_row(block.row.name, "mail.dat"), "and is known as the table's");
    const bool only_looks = std::ranges::any_of(block.remarks, [](const auto& remark) { return remark.starts_with("In shadow: "); });
    check(only_looks == (block.row.mode == directory::ContentMode::Shadow), "and says why it only looks");
    for (const auto& bad : parsed.bad) check(bad.line != block.line, "a block is taken or told of");
  }
  for (const auto& block : filters::parse_pass_filter(octets, {}).blocks) {
    check(directory::parse_content_row(directory::print_content_row(block.row)) == block.row, "a row of passfilter.dat too");
    check(filters::is_mail_dat_row(block.row.name, filters::pass_filter_prefix) && block.row.action == directory::ContentAction::Pass, "lets pass");
  }
  return 0;
}
