#include "services/abuse/evidence.h"

#include <array>
#include <vector>

namespace hikyaku::abuse {
namespace {

struct Sentence {
  std::string_view en, ja;  // "#" stands for anything in `en`; "#1" in `ja` for the first of them
};
constexpr std::array<Sentence, 5> sentences = {{
    {"# recipients within an hour, # were the most of four weeks", "1 時間に #1 宛先(過去 4 週間の最多は #2)"},
    {"# of # recipients within a day were refused, # by other servers", "1 日の #2 宛先のうち #1 件が拒否された(他サーバによるもの #3 件)"},
    {"# new networks within a day", "1 日に新しいネットワーク #1 か所から送信"},
    {"from a network that is new for it (#)", "使われたことのないネットワーク(#1)から送信"},
    {"used from new countries (#)", "使われたことのない国(#1)からの利用"},
}};

// What stands for each "#"; empty: it does not fit.
std::vector<std::string_view> taken(std::string_view pattern, std::string_view text) {
  std::vector<std::string_view> parts;
  for (auto gap = pattern.find('#'); gap != std::string_view::npos; gap = pattern.find('#')) {
    const auto before = pattern.substr(0, gap);
    if (!text.starts_with(before)) return {};
    text.remove_prefix(before.size());
    pattern.remove_prefix(gap + 1);
    const auto next = pattern.substr(0, pattern.find('#'));
    const auto end = next.empty() ? text.size() : text.find(next);
    if (end == std::string_view::npos || end == 0) return {};
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return text == pattern ? parts : std::vector<std::string_view>{};
}

std::string in_japanese(std::string_view part) {
  for (const auto& sentence : sentences) {
    const auto parts = taken(sentence.en, part);
    if (parts.empty()) continue;
    std::string text(sentence.ja);
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (const auto at = text.find("#" + std::to_string(i + 1)); at != std::string::npos) text.replace(at, 2, parts[i]);
    return text;
  }
  return std::string(part);
}

}  // namespace

std::string evidence_in_japanese(std::string_view because) {
  constexpr std::string_view between = "; ";
  std::string text;
  for (;;) {
    const auto end = because.find(between);
    text += in_japanese(because.substr(0, end));
    if (end == std::string_view::npos) return text;
    text += "、";
    because.remove_prefix(end + between.size());
  }
}

}  // namespace hikyaku::abuse
