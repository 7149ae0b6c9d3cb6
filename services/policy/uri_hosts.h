// The hosts that a text for people has links to: "http://", "https://", and what begins with "www.", in plain text and in HTML alike. Pure, linear, bounded. It
// reads as generously as mail programs do when they make something clickable; hosts come out canonical.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::policy {

inline constexpr std::size_t most_uri_hosts = 100, longest_authority = 500;

enum class TextKind : std::uint8_t { Plain, Html };  // Html: character references are undone first
// Adds the hosts of `text` (of one part, its transfer encoding undone) to `hosts`, each once: names as lower-case A-labels, IPv4 addresses as they are.
void add_uri_hosts(std::string_view text, TextKind kind, std::vector<std::string>& hosts);
// Of all parts of a message that are text/plain or text/html; the message may be cut.
[[nodiscard]] std::vector<std::string> uri_hosts_in(std::string_view message);

}  // namespace hikyaku::policy
