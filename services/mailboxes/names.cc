#include "services/mailboxes/names.h"

#include "base/cursor.h"

namespace hikyaku::mailboxes {

namespace {

std::unexpected<MailboxError> bad(std::string_view why) {
  return failure(MailboxError{MailboxFailure::BadName, "The mailbox name " + std::string(why) + "; choose another name."});
}

// RFC 3629 §4: shortest forms only, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) == 0xe0 ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (length == 0 || at + length > text.size()) return false;
    for (std::size_t i = 1; i < length; ++i)
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return false;
    const auto second = length > 1 ? static_cast<unsigned char>(text[at + 1]) : 0;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
      return false;
    at += length;
  }
  return true;
}

}  // namespace

MailboxResult<std::string> normal_name(std::string_view name) {
  if (name.ends_with(hierarchy_separator)) name.remove_suffix(1);
  if (name.empty()) return bad("is empty");
  if (name.size() > max_name_octets) return bad("is longer than 400 octets");
  if (!is_utf8(name)) return bad("is not valid UTF-8");
  std::size_t levels = 1, level_octets = 0;
  for (const char c : name) {
    if (is_ctl(c)) return bad("has a control character in it");
    if (c != hierarchy_separator) { ++level_octets; continue; }
    if (level_octets == 0) return bad("has an empty level (two slashes, or one at its beginning)");
    level_octets = 0;
    ++levels;
  }
  if (level_octets == 0) return bad("has an empty level (two slashes at its end)");
  if (levels > max_levels) return bad("has more than 32 levels");
  std::string normal(name);
  if (starts_with_ignoring_case(name, inbox) && (name.size() == inbox.size() || name[inbox.size()] == hierarchy_separator))
    normal.replace(0, inbox.size(), inbox);
  return normal;
}

std::vector<std::string> parents(std::string_view name) {
  std::vector<std::string> found;
  for (std::size_t at = name.find(hierarchy_separator); at != std::string_view::npos; at = name.find(hierarchy_separator, at + 1))
    found.emplace_back(name.substr(0, at));
  return found;
}

bool is_child_of(std::string_view name, std::string_view parent) {
  return name.size() > parent.size() + 1 && name.starts_with(parent) && name[parent.size()] == hierarchy_separator;
}

}  // namespace hikyaku::mailboxes
