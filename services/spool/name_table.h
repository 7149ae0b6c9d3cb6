// NameTable: destinations' names, each kept once and called by a number. Counted: a name nobody uses goes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hikyaku::spool {

class NameTable {
 public:
  using Number = std::uint32_t;
  // Counts one user more.
  [[nodiscard]] Number use(std::string_view name);
  void release(Number number);
  [[nodiscard]] const std::string& name(Number number) const { return names_[number].text; }
  [[nodiscard]] std::uint64_t users(Number number) const { return names_[number].users; }
  // Changes when a number gets a name.
  [[nodiscard]] std::uint64_t namings() const { return namings_; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }  // numbers are below it; some may have no users

 private:
  struct Name {
    std::string text;
    std::uint64_t users = 0;
  };
  std::deque<Name> names_;  // never moves: the map looks into it
  std::unordered_map<std::string_view, Number> numbers_;
  std::vector<Number> unused_;
  std::uint64_t namings_ = 0;
};

}  // namespace hikyaku::spool
