#include "apps/cli/typed_command.h"

#include <algorithm>
#include <array>

namespace hikyaku::cli {
namespace {

bool is_argument(OptionKind kind) { return kind == OptionKind::Argument || kind == OptionKind::OptionalArgument || kind == OptionKind::Arguments; }
std::string word(const std::string& text) { return text.empty() || text.find(' ') != std::string::npos ? "\"" + text + "\"" : text; }

}  // namespace

std::string typed_command(std::string_view name, const std::vector<Option>& options, const std::map<std::string, std::vector<std::string>, std::less<>>& given) {
  std::string text(name);
  const auto append = [&](const Option& option) {
    const auto found = given.find(option.name);
    if (found == given.end()) return;
    const bool is_option = !is_argument(option.kind);
    if (option.kind == OptionKind::Flag) return void(text += " " + std::string(option.name));
    for (const auto& value : found->second) text += " " + (is_option ? std::string(option.name) + " " : std::string()) + word(value);
  };
  for (const auto& option : options)
    if (is_argument(option.kind)) append(option);
  for (const auto& option : options)
    if (!is_argument(option.kind)) append(option);
  if (text.size() <= longest_typed) return text;
  std::size_t end = longest_typed - 4;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // no character is cut
  return text.substr(0, end) + " ...";
}

bool only_looks(std::string_view typed) {
  typed = typed.substr(0, typed.find(" --"));
  if (typed.starts_with("why ") || typed.starts_with("queue ")) return !typed.starts_with("queue hold");
  return std::ranges::any_of(std::array<std::string_view, 5>{" list", " show", " export", " explain", " members"}, [&](std::string_view name) {
    const auto at = typed.find(name);
    return at != std::string_view::npos && (at + name.size() == typed.size() || typed[at + name.size()] == ' ');
  });
}

}  // namespace hikyaku::cli
