// Sentences of others in Japanese (or in English of ours): a row has the English with {} for what is named in it, and the Japanese with {1}, {2} ... for
// those. What a row takes over is told in Japanese too, where it is a sentence itself ("line 3: There is no domain ...").
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hikyaku::cli {

struct SentenceRow {
  std::string_view en;  // {} stands for anything
  std::string_view ja;  // {1} for the first of them
};

// By the first row that fits; nothing: none does. `inside` tells what the row took over.
[[nodiscard]] std::optional<std::string> told_by(std::span<const SentenceRow> rows, std::string_view sentence,
                                                 const std::function<std::string(std::string_view)>& inside);

}  // namespace hikyaku::cli
