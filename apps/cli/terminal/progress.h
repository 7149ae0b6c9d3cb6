// Progress: one line on the terminal that tells how far a long command is. Without a terminal nothing is printed.
#pragma once

#include <cstddef>

namespace hikyaku::cli {

class Progress {
 public:
  explicit Progress(std::size_t total);
  ~Progress();  // takes the line away
  Progress(const Progress&) = delete;
  // Prints at most once for each hundredth.
  void at(std::size_t done);

 private:
  std::size_t total_;
  int shown_ = -1;  // percent; -1: nothing is on the line
  bool terminal_;
};

}  // namespace hikyaku::cli
