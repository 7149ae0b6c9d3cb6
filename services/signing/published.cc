#include "services/signing/published.h"

#include <algorithm>

#include "protocol/dkim/key_record.h"
#include "protocol/dkim/signature.h"

namespace hikyaku::signing {

Published published(std::span<const std::string> records, const directory::DkimKey& key) {
  if (records.empty()) return Published::Missing;
  if (records.size() > 1) return Published::Several;
  const auto record = dkim::parse_key_record(records.front());
  const bool right = record && record->algorithm == key.algorithm && record->key == key.public_octets && record->sha256 && record->is_for("email");
  return right ? Published::Right : Published::Wrong;
}

std::string_view published_name(Published state) {
  switch (state) {
    case Published::Right: return "right";
    case Published::Missing: return "missing";
    case Published::Several: return "several";
    case Published::Wrong: return "wrong";
  }
  return "";
}

std::string record_name(const directory::DkimKey& key) { return dkim::key_name(key.selector, key.domain); }
std::string record_text(const directory::DkimKey& key) { return dkim::key_record_text(key.algorithm, key.public_octets); }

std::string zone_line(std::string_view name, std::string_view text) {
  constexpr std::size_t longest_string = 255;
  const bool several = text.size() > longest_string;
  std::string line = std::string(name) + ". IN TXT " + (several ? "( " : "");
  for (std::size_t at = 0; at < text.size() || at == 0; at += longest_string) {
    if (at > 0) line += ' ';
    line += '"';
    for (const char c : text.substr(at, longest_string)) {
      if (c == '"' || c == '\\') line += '\\';
      line += c;
    }
    line += '"';
  }
  return line + (several ? " )" : "");
}

}  // namespace hikyaku::signing
