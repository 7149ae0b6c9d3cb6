#include "apps/cli/terminal/listing.h"

namespace hikyaku::cli {

TextTable headed_table(const Invocation& call, const std::vector<Words>& headings) {
  std::vector<std::string> row;
  for (const auto& heading : headings) row.emplace_back(call.say(heading));
  TextTable table;
  table.add(std::move(row));
  return table;
}

void Listing::print() {
  if (call_.json) return call_.print(json_.end_array().take());
  call_.print(empty_ && !none_.en.empty() ? std::string(call_.say(none_)) : table_.text());
}

void FactSheet::add(const Words& name, std::string value) {
  if (!value.empty()) table_.add({std::string(call_.say(name)), std::move(value)});
}

void FactSheet::print() const {
  if (const auto text = table_.text(); !text.empty()) call_.print(text);
}

}  // namespace hikyaku::cli
