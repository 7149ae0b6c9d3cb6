#include "protocol/imap/special_use.h"

namespace hikyaku::imap {
namespace {

constexpr std::pair<std::string_view, SpecialUse> names[] = {
    {"All", UseAll},   {"Archive", UseArchive}, {"Drafts", UseDrafts}, {"Flagged", UseFlagged},
    {"Junk", UseJunk}, {"Sent", UseSent},       {"Trash", UseTrash}};

}  // namespace

Parsed<SpecialUse> parse_use_attribute(Cursor& in) {
  if (!in.take('\\')) return in.expected("a special use");
  TRY(atom, parse_atom(in));
  for (const auto& [name, use] : names) {
    if (equal_ignoring_case(atom, name)) return use;
  }
  return UseNone;
}

void print_special_uses(std::string& out, std::uint8_t uses) {
  for (const auto& [name, use] : names) {
    if (uses & use) out += " \\", out += name;
  }
}

}  // namespace hikyaku::imap
