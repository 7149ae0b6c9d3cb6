// LineReader: the members of one log line, as json_line() writes them: one flat object of texts, numbers, and at most one object inside, which is
// passed over. Pure, linear; a line that is none has no members.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hikyaku::telemetry {

class LineReader {
 public:
  static constexpr std::size_t most_members = 64;
  // The line must outlive the reader.
  explicit LineReader(std::string_view line);
  [[nodiscard]] bool sound() const { return sound_; }
  // Empty: there is no such member, or it is no text.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }

 private:
  [[nodiscard]] const std::string_view* find(std::string_view key) const;
  bool sound_ = false;
  std::vector<std::pair<std::string_view, std::string_view>> members_;  // values as written, texts with their quotes
};

}  // namespace hikyaku::telemetry
