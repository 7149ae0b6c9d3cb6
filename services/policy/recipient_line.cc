#include "services/policy/recipient_line.h"

#include <charconv>

#include "base/percent.h"

namespace hikyaku::policy {
namespace {

constexpr std::size_t most_line_octets = 2'048;

std::string encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char octet : text) {
    const auto code = static_cast<unsigned char>(octet);
    if (code > ' ' && code < 0x7F && octet != '%') out += octet;
    else out += {'%', digits[code >> 4], digits[code & 15]};
  }
  return out;
}

std::string line_of(char kind, std::string_view text, WallTime at) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  return std::string(1, kind) + ' ' + encoded(text) + ' ' + std::to_string(seconds) + '\n';
}

// Up to the year 9999.
std::optional<WallTime> time_of(std::string_view word) {
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seconds);
  if (error != std::errc{} || end != word.data() + word.size() || seconds > 253'402'300'799) return std::nullopt;
  return WallTime{std::chrono::seconds{seconds}};
}

}  // namespace

std::string recipient_line(const RecipientLine& line) {
  if (const auto* server = std::get_if<ServerLine>(&line)) return line_of(server->what.takes_everybody ? 'e' : 's', server->domain, server->what.tried);
  const auto& user = std::get<UserLine>(line);
  static constexpr std::string_view kinds = "tun";
  return line_of(kinds[static_cast<std::size_t>(user.what.said)], user.user, user.what.at);
}

std::optional<RecipientLine> parse_recipient_line(std::string_view line) {
  if (line.size() > most_line_octets || line.size() < 5 || line[1] != ' ') return std::nullopt;
  const auto space = line.find(' ', 2);
  if (space == std::string_view::npos) return std::nullopt;
  auto text = percent_decode(line.substr(2, space - 2));
  const auto at = time_of(line.substr(space + 1));
  if (!text || text->empty() || !at) return std::nullopt;
  switch (line[0]) {
    case 't': return UserLine{*std::move(text), {RecipientSaid::Taken, *at}};
    case 'u': return UserLine{*std::move(text), {RecipientSaid::Unknown, *at}};
    case 'n': return UserLine{*std::move(text), {RecipientSaid::NotTold, *at}};
    case 'e': return ServerLine{*std::move(text), {true, *at}};
    case 's': return ServerLine{*std::move(text), {false, *at}};
    default: return std::nullopt;
  }
}

std::size_t restore(RecipientMemory& memory, std::string_view text) {
  std::size_t unreadable = text.substr(0, text.find('\n')) == recipients_heading ? 0 : 1;
  for (bool heading = true; !text.empty(); heading = false) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (heading) continue;
    auto read = end == std::string_view::npos ? std::nullopt : parse_recipient_line(line);
    if (!read) ++unreadable;
    else if (auto* user = std::get_if<UserLine>(&*read)) memory.restore(std::move(user->user), user->what);
    else memory.restore(std::move(std::get<ServerLine>(*read).domain), std::get<ServerLine>(*read).what);
  }
  return unreadable;
}

}  // namespace hikyaku::policy
