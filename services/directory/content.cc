#include "services/directory/content.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "services/directory/access.h"

namespace hikyaku::directory {
namespace {

constexpr std::array<std::string_view, 3> mode_names{"enforce", "shadow", "off"};
constexpr std::array<std::string_view, 4> part_names{"header", "body", "attachment", "client"}, action_names{"pass", "tag", "quarantine", "refuse"};

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

// "192.0.2.0/24", of "192.0.2.*" too.
Result<std::string, std::string> normal_client(std::string_view pattern) {
  auto normal = normal_access_pattern(AccessWho::Client, pattern);
  if (normal && io::IpNetwork::parse(*normal)) return normal;
  return failure("\"" + std::string(pattern) + "\" is no address that mail comes from; write one such as 192.0.2.7 or 192.0.2.0/24.");
}

Result<void, std::string> check_condition(ContentPart part, std::string& field, std::string& pattern) {
  if (!is_line(pattern)) return failure(std::string("A text of the row is longer than 1,000 octets or has control characters; make it shorter."));
  if (part != ContentPart::Header) field.clear();
  if (part == ContentPart::Header && !is_field(field)) return failure("\"" + field + "\" is no header field; write its name without a colon, or * for any.");
  if (part != ContentPart::Client) return check_pattern(pattern);
  auto normal = normal_client(pattern);
  if (!normal) return failure(std::move(normal).error());
  pattern = *std::move(normal);
  return {};
}

}  // namespace

std::string_view content_part_name(ContentPart part) { return part_names[static_cast<std::size_t>(part)]; }
std::string_view content_action_name(ContentAction action) { return action_names[static_cast<std::size_t>(action)]; }
std::string_view content_mode_name(ContentMode mode) { return mode_names[static_cast<std::size_t>(mode)]; }
std::optional<ContentPart> parse_content_part(std::string_view name) { return named<ContentPart>(part_names, name); }
std::optional<ContentAction> parse_content_action(std::string_view name) { return named<ContentAction>(action_names, name); }
std::optional<ContentMode> parse_content_mode(std::string_view name) { return named<ContentMode>(mode_names, name); }

Result<ContentRow, std::string> normal_content_row(ContentRow row) {
  if (!is_name(row.name)) return failure("\"" + row.name + "\" is no name of a row; write letters, digits, \"-\", \"_\" and \".\", at most 60.");
  if (!is_line(row.note)) return failure(std::string("A text of the row is longer than 1,000 octets or has control characters; make it shorter."));
  if (row.also.size() >= most_content_conditions) return failure(std::string("A row has at most 20 conditions; join some by one expression."));
  TRY_VOID(check_condition(row.part, row.field, row.pattern));
  for (auto& condition : row.also) TRY_VOID(check_condition(condition.part, condition.field, condition.pattern));
  if (row.recipient.empty()) return row;
  auto recipient = normal_access_pattern(AccessWho::Recipient, row.recipient);
  if (!recipient) return failure(std::move(recipient).error());
  row.recipient = *std::move(recipient);
  return row;
}

std::string condition_text(const ContentCondition& condition) {
  return std::string(content_part_name(condition.part)) + (condition.part == ContentPart::Header ? " " + condition.field : "") + ": " + condition.pattern;
}

Result<ContentCondition, std::string> parse_condition_text(std::string_view text) {
  const auto colon = text.find(':');
  const auto where = text.substr(0, colon);
  const auto space = where.find(' ');
  const auto part = parse_content_part(where.substr(0, space));
  if (colon == std::string_view::npos || !part || (space == std::string_view::npos) == (*part == ContentPart::Header))
    return failure("\"" + std::string(text) + "\" does not say where to look; write header Subject: words, body: words, attachment: .exe or client: 192.0.2.0/24.");
  auto pattern = text.substr(colon + 1);
  if (pattern.starts_with(' ')) pattern.remove_prefix(1);
  ContentCondition condition{*part, space == std::string_view::npos ? "" : std::string(where.substr(space + 1)), std::string(pattern)};
  TRY_VOID(check_condition(condition.part, condition.field, condition.pattern));
  return condition;
}

std::string print_content_row(const ContentRow& row) {
  std::string line = "content\t";
  const auto added = std::to_string(std::chrono::floor<std::chrono::seconds>(row.added).time_since_epoch().count());
  for (const std::string_view word : {std::string_view(row.name), content_part_name(row.part), std::string_view(row.field), std::string_view(row.pattern), content_action_name(row.action), content_mode_name(row.mode),
                                      std::string_view(row.recipient), std::string_view(added)})
    (line += word) += '\t';
  line += row.note;
  for (const auto& condition : row.also)
    for (const std::string_view word : {content_part_name(condition.part), std::string_view(condition.field), std::string_view(condition.pattern)}) (line += '\t') += word;
  return line;
}

std::optional<ContentRow> parse_content_row(std::string_view line) {
  constexpr std::size_t first_words = 10, condition_words = 3;
  std::vector<std::string_view> words;
  for (bool more = true; more; ) {
    const auto tab = line.find('\t');
    more = tab != std::string_view::npos;
    words.push_back(line.substr(0, tab));
    line.remove_prefix(more ? tab + 1 : line.size());
    if (words.size() > first_words + condition_words * most_content_conditions) return std::nullopt;
  }
  if (words.size() < first_words || (words.size() - first_words) % condition_words != 0) return std::nullopt;
  const auto part = named<ContentPart>(part_names, words[2]);
  const auto action = parse_content_action(words[5]);
  const auto mode = parse_content_mode(words[6]);
  std::int64_t added = 0;
  const auto [end, error] = std::from_chars(words[8].data(), words[8].data() + words[8].size(), added);
  if (words[0] != "content" || !part || !action || !mode || error != std::errc{} || end != words[8].data() + words[8].size() || added < 0 || added > 253'402'300'799) return std::nullopt;
  ContentRow row{std::string(words[1]), *part, std::string(words[3]), std::string(words[4]), *action, *mode, std::string(words[7]), std::string(words[9]), WallTime{std::chrono::seconds{added}}, {}};
  for (std::size_t i = first_words; i < words.size(); i += condition_words) {
    const auto where = parse_content_part(words[i]);
    if (!where) return std::nullopt;
    row.also.push_back({*where, std::string(words[i + 1]), std::string(words[i + 2])});
  }
  auto normal = normal_content_row(row);
  if (!normal || *normal != row) return std::nullopt;
  return row;
}

}  // namespace hikyaku::directory
