#include "protocol/clamd/reply.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::clamd {
namespace {

constexpr std::uint64_t largest_version = 1'000'000'000;

// For replies of ours and logs: never a line end, never more than fits.
std::string printable(std::string_view text, char in_place_of_space) {
  std::string out(text.substr(0, longest_name));
  for (char& c : out) {
    if (c == ' ') c = in_place_of_space;
    else if (is_ctl(c) || is_eight_bit(c)) c = '?';
  }
  return out;
}

}  // namespace

// reply = "stream: OK" / "stream: " name " FOUND" / words " ERROR"
ScanReply parse_scan_reply(std::string_view text) {
  constexpr std::string_view stream = "stream: ", found = " FOUND", too_large = "INSTREAM size limit exceeded. ERROR";
  if (text == "stream: OK") return {Verdict::Clean, {}, {}};
  if (text == too_large) return {Verdict::TooLarge, {}, {}};
  if (text.starts_with(stream) && text.ends_with(found) && text.size() > stream.size() + found.size()) {
    const auto name = text.substr(stream.size(), text.size() - stream.size() - found.size());
    return {Verdict::Infected, printable(name, '_'), {}};
  }
  return {Verdict::Failed, {}, text.empty() ? std::string("it closed the connection without an answer") : printable(text, ' ')};
}

std::optional<Version> parse_version(std::string_view text) {
  Cursor in(text);
  if (!in.rest().starts_with("ClamAV ")) return std::nullopt;
  Version version;
  version.program = printable(in.take_while([](char c) { return c != '/'; }), ' ');
  if (!in.take('/')) return version;
  const auto number = parse_number(in, largest_version);
  if (!number || !(in.at_end() || in.take('/'))) return std::nullopt;
  version.patterns = *number;
  return version;
}

bool ReplyReader::receive(std::string_view octets) {
  const auto end = octets.find_first_of(std::string_view("\0\n", 2));
  const auto part = octets.substr(0, std::min({end, octets.size(), longest_reply - text_.size()}));
  text_ += part;
  return end != std::string_view::npos || text_.size() == longest_reply;
}

}  // namespace hikyaku::clamd
