// Reads what a descriptor gives until its end.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>

namespace hikyaku::apps {

// Nothing on an error or when there are more than `most` octets. A file is read from where its offset stands.
[[nodiscard]] inline std::optional<std::string> read_whole(int descriptor, std::size_t most) {
  std::string text;
  char buffer[16'384];
  for (;;) {
    const auto count = read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || text.size() + static_cast<std::size_t>(count) > most) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

}  // namespace hikyaku::apps
