// Columns of text for a terminal. Widths count what a terminal shows: East Asian wide characters take two places.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::cli {

// Places the text takes on a terminal. Octets that are no UTF-8 count one each.
[[nodiscard]] std::size_t display_width(std::string_view text);

class TextTable {
 public:
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Columns two places apart, no white space at line ends, each line ended by LF.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hikyaku::cli
