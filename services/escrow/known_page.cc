#include "services/escrow/known_page.h"

#include <map>
#include <set>

#include "base/checksum.h"
#include "services/escrow/fingerprint.h"
#include "services/escrow/sealed_text.h"
#include "services/escrow/sodium_ready.h"

namespace hikyaku::escrow {
namespace {

constexpr std::string_view heading = "hikyaku-escrow 1 ";
static_assert(heading.size() + 16 + 1 == KnownPage::heading_octets);

std::string checksum_text(std::string_view lines) {
  const auto sum = checksum(lines);
  std::string octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets += static_cast<char>(sum >> shift);
  return to_hex(octets);
}

// False: it says nothing that we know.
bool take_line(std::string_view line, KnownPage& page) {
  if (line.starts_with("key ")) {
    auto key = from_hex(line.substr(4), key_octets);
    if (key) page.key = *std::move(key);
    return key.has_value();
  }
  if (line.starts_with("released ")) return is_mark(line.substr(9)) && page.released.emplace(line.substr(9)).second;
  if (!line.starts_with("kept ")) return false;
  const auto words = line.substr(5);
  const auto space = words.find(' ');
  if (space == std::string_view::npos || !is_mark(words.substr(0, space))) return false;
  const auto id = TraceId::parse(words.substr(space + 1));
  return id && page.kept.emplace(words.substr(0, space), *id).second;
}

}  // namespace

// In the order of the marks: the same page is the same text.
std::string KnownPage::text() const {
  std::string lines;
  if (!key.empty()) lines += "key " + to_hex(key) + "\n";
  for (const auto& [mark, id] : std::map(kept.begin(), kept.end())) lines += "kept " + mark + " " + id.text() + "\n";
  for (const auto& mark : std::set(released.begin(), released.end())) lines += "released " + mark + "\n";
  return std::string(heading) + checksum_text(lines) + "\n" + lines;
}

std::optional<KnownPage> KnownPage::parse(std::string_view text) {
  if (!text.starts_with(heading) || text.size() < heading_octets || text.size() > most_octets || text[heading_octets - 1] != '\n') return std::nullopt;
  auto lines = text.substr(heading_octets);
  if (checksum_text(lines) != text.substr(heading.size(), 16)) return std::nullopt;
  KnownPage page;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    if (end == std::string_view::npos || !take_line(lines.substr(0, end), page)) return std::nullopt;
    lines.remove_prefix(end + 1);
  }
  return page;
}

}  // namespace hikyaku::escrow
