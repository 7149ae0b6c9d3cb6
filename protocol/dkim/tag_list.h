// The tag=value lists of DKIM, ARC and DMARC (RFC 6376 §3.2): signatures, key records, policies. Pure, linear, no copy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cursor.h"

namespace hikyaku::dkim {

inline constexpr std::size_t most_tags = 64;

struct Tag {
  std::string_view name;
  std::string_view value;  // without the white space around it; folds inside are left
  std::string_view whole;  // all between "=" and ";"
};

class TagList {
 public:
  // Refuses what the grammar refuses: a name twice, an empty tag between two semicolons, octets that are no text. At most
  // most_tags tags.
  [[nodiscard]] static Result<TagList, SyntaxError> parse(std::string_view text);
  // By its name as it stands: names are case-sensitive.
  [[nodiscard]] const Tag* find(std::string_view name) const;
  [[nodiscard]] const std::vector<Tag>& tags() const { return tags_; }

 private:
  std::vector<Tag> tags_;
};

constexpr bool is_fold_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
// White space removed at both ends; everywhere.
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string without_space(std::string_view text);
// Base64 with white space anywhere (RFC 6376 §2.10 base64string); padding may be missing, as some signers leave it out.
[[nodiscard]] std::optional<std::string> decode_folded_base64(std::string_view text);
// A decimal number of at most 18 digits, alone.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text);
// The parts between separators, trimmed. Empty text: no parts.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace hikyaku::dkim
