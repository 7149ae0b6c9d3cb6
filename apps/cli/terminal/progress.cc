#include "apps/cli/terminal/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace hikyaku::cli {

constexpr int width = 40;  // of the bar

Progress::Progress(std::size_t total) : total_(std::max<std::size_t>(1, total)), terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_ >= 0) std::fputs("\r\x1b[K", stderr);
}

void Progress::at(std::size_t done) {
  const int percent = static_cast<int>(100 * std::min(done, total_) / total_);
  if (!terminal_ || percent == shown_) return;
  shown_ = percent;
  const auto filled = static_cast<std::size_t>(percent * width / 100);
  const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
  std::fprintf(stderr, "\r[%s] %3d %%  %zu/%zu", bar.c_str(), percent, std::min(done, total_), total_);
  std::fflush(stderr);
}

}  // namespace hikyaku::cli
