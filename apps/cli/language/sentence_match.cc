#include "apps/cli/language/sentence_match.h"

#include <vector>

namespace hikyaku::cli {
namespace {

constexpr std::string_view anything = "{}";

// What stands at the places of {}, from the left the shortest that fits; nothing: the sentence is another.
std::optional<std::vector<std::string_view>> match(std::string_view pattern, std::string_view sentence) {
  std::vector<std::string_view> values;
  auto place = pattern.find(anything);
  if (!sentence.starts_with(pattern.substr(0, place))) return std::nullopt;
  if (place == std::string_view::npos) return sentence.size() == pattern.size() ? std::optional(values) : std::nullopt;
  sentence.remove_prefix(place);
  for (pattern.remove_prefix(place + anything.size());; pattern.remove_prefix(place + anything.size())) {
    place = pattern.find(anything);
    const auto words = pattern.substr(0, place);
    const bool last = place == std::string_view::npos;
    if (last && (sentence.size() < words.size() || !sentence.ends_with(words))) return std::nullopt;
    const auto end = last ? sentence.size() - words.size() : sentence.find(words);
    if (end == std::string_view::npos) return std::nullopt;
    values.push_back(sentence.substr(0, end));
    if (last) return values;
    sentence.remove_prefix(end + words.size());
  }
}

}  // namespace

std::optional<std::string> told_by(std::span<const SentenceRow> rows, std::string_view sentence, const std::function<std::string(std::string_view)>& inside) {
  for (const auto& row : rows) {
    const auto values = match(row.en, sentence);
    if (!values) continue;
    std::string text;
    for (std::size_t at = 0; at < row.ja.size(); ++at) {
      const bool is_place = row.ja[at] == '{' && at + 2 < row.ja.size() && row.ja[at + 2] == '}';
      if (!is_place) text += row.ja[at];
      else text += inside((*values)[static_cast<std::size_t>(row.ja[at + 1] - '1')]), at += 2;
    }
    return text;
  }
  return std::nullopt;
}

}  // namespace hikyaku::cli
