#include "services/directory/content.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/cursor.h"
#include "services/directory/access.h"

namespace hikyaku::directory {
namespace {

constexpr std::array<std::string_view, 3> part_names{"header", "body", "attachment"}, mode_names{"enforce", "shadow", "off"};
constexpr std::array<std::string_view, 4> action_names{"pass", "tag", "quarantine", "refuse"};

template <class Enum, std::size_t size>
std::optional<Enum> named(const std::array<std::string_view, size>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

bool is_line(std::string_view text) {
  return text.size() <= longest_content_text && std::ranges::none_of(text, [](char octet) { return static_cast<unsigned char>(octet) < ' ' || octet == 0x7F; });
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::ranges::all_of(name, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_field(std::string_view name) {
  return name == "*" || (!name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](char c) { return c > 32 && c < 127 && c != ':'; }));
}

Result<void, std::string> check_pattern(std::string_view pattern) {
  if (pattern.empty()) return failure(std::string("The pattern is empty; write words, or /expression/."));
  if (pattern.size() < 3 || !pattern.starts_with('/') || !pattern.ends_with('/')) return {};
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const RE2 compiled(std::string(pattern.substr(1, pattern.size() - 2)), options);
  if (!compiled.ok()) return failure("The expression " + std::string(pattern) + " cannot be used (" + compiled.error() + "); write it as RE2 reads it.");
  return {};
}

}  // namespace

std::string_view content_part_name(ContentPart part) { return part_names[static_cast<std::size_t>(part)]; }
std::string_view content_action_name(ContentAction action) { return action_names[static_cast<std::size_t>(action)]; }
std::string_view content_mode_name(ContentMode mode) { return mode_names[static_cast<std::size_t>(mode)]; }
std::optional<ContentAction> parse_content_action(std::string_view name) { return named<ContentAction>(action_names, name); }
std::optional<ContentMode> parse_content_mode(std::string_view name) { return named<ContentMode>(mode_names, name); }

Result<ContentRow, std::string> normal_content_row(ContentRow row) {
  if (!is_name(row.name)) return failure("\"" + row.name + "\" is no name of a row; write letters, digits, \"-\", \"_\" and \".\", at most 60.");
  if (!is_line(row.pattern) || !is_line(row.note)) return failure(std::string("A text of the row is longer than 1,000 octets or has control characters; make it shorter."));
  if (row.part != ContentPart::Header) row.field.clear();
  if (row.part == ContentPart::Header && !is_field(row.field)) return failure("\"" + row.field + "\" is no header field; write its name without a colon, or * for any.");
  TRY_VOID(check_pattern(row.pattern));
  if (row.recipient.empty()) return row;
  auto recipient = normal_access_pattern(AccessWho::Recipient, row.recipient);
  if (!recipient) return failure(std::move(recipient).error());
  row.recipient = *std::move(recipient);
  return row;
}

std::string print_content_row(const ContentRow& row) {
  std::string line = "content\t";
  const auto added = std::to_string(std::chrono::floor<std::chrono::seconds>(row.added).time_since_epoch().count());
  for (const std::string_view word : {std::string_view(row.name), content_part_name(row.part), std::string_view(row.field), std::string_view(row.pattern), content_action_name(row.action), content_mode_name(row.mode),
                                      std::string_view(row.recipient), std::string_view(added)})
    (line += word) += '\t';
  return line + row.note;
}

std::optional<ContentRow> parse_content_row(std::string_view line) {
  std::array<std::string_view, 10> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto tab = line.find('\t');
    if ((tab == std::string_view::npos) != (i + 1 == words.size())) return std::nullopt;
    words[i] = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  const auto part = named<ContentPart>(part_names, words[2]);
  const auto action = parse_content_action(words[5]);
  const auto mode = parse_content_mode(words[6]);
  std::int64_t added = 0;
  const auto [end, error] = std::from_chars(words[8].data(), words[8].data() + words[8].size(), added);
  if (words[0] != "content" || !part || !action || !mode || error != std::errc{} || end != words[8].data() + words[8].size() || added < 0 || added > 253'402'300'799) return std::nullopt;
  ContentRow row{std::string(words[1]), *part, std::string(words[3]), std::string(words[4]), *action, *mode, std::string(words[7]), std::string(words[9]), WallTime{std::chrono::seconds{added}}};
  auto normal = normal_content_row(row);
  if (!normal || *normal != row) return std::nullopt;
  return row;
}

}  // namespace hikyaku::directory
