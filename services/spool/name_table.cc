#include "services/spool/name_table.h"

#include "base/check.h"

namespace hikyaku::spool {

NameTable::Number NameTable::use(std::string_view name) {
  if (const auto known = numbers_.find(name); known != numbers_.end()) {
    ++names_[known->second].users;
    return known->second;
  }
  if (unused_.empty()) {
    unused_.push_back(static_cast<Number>(names_.size()));
    names_.emplace_back();
  }
  const auto number = unused_.back();
  unused_.pop_back();
  names_[number] = {std::string(name), 1};
  numbers_.emplace(names_[number].text, number);
  ++namings_;
  return number;
}

void NameTable::release(Number number) {
  auto& name = names_[number];
  check_or_abort(name.users > 0, "a destination's name was released twice");
  if (--name.users > 0) return;
  numbers_.erase(name.text);
  name.text = {};
  unused_.push_back(number);
}

}  // namespace hikyaku::spool
