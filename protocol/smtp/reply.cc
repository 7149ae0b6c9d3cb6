#include "protocol/smtp/reply.h"

#include "base/cursor.h"

namespace hikyaku::smtp {
namespace {
constexpr std::size_t most_wire_line_octets = 510;  // without CRLF
constexpr std::size_t most_read_line_octets = 4096;
constexpr std::size_t most_read_lines = 128;

bool is_separator(char c) { return c == ' ' || c == '-'; }

// Reply-code = %x32-35 %x30-35 %x30-39      RFC 5321 §4.2; any second digit is taken from peers.
std::uint16_t reply_code(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  return static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}
}  // namespace

std::string EnhancedCode::text() const {
  return std::to_string(klass) + '.' + std::to_string(subject) + '.' + std::to_string(detail);
}

std::string Reply::wire() const {
  std::string prefix = std::to_string(code);
  const std::string status = enhanced.given() ? enhanced.text() + ' ' : std::string{};
  std::string out;
  std::string_view rest = text;
  for (bool last = false; !last;) {
    const auto end = rest.find('\n');
    last = end == std::string_view::npos;
    const auto line = rest.substr(0, end);
    if (!last) rest.remove_prefix(end + 1);
    const auto start = out.size();
    out.append(prefix).append(last ? " " : "-").append(status);
    for (const char c : line) out += is_ctl(c) ? '?' : c;
    if (out.size() - start > most_wire_line_octets) out.resize(start + most_wire_line_octets);
    out += "\r\n";
  }
  return out;
}

std::string Reply::line() const {
  std::string out = std::to_string(code) + ' ';
  if (enhanced.given()) out += enhanced.text() + ' ';
  for (const char c : text) out += c == '\n' ? ' ' : c;
  return out;
}

// status-code = class "." subject "." detail      RFC 3463 §2
std::optional<EnhancedCode> parse_enhanced_code(std::string_view text, std::size_t& length) {
  Cursor in(text);
  const char klass = in.next();
  if (klass != '2' && klass != '4' && klass != '5') return std::nullopt;
  if (!in.take('.')) return std::nullopt;
  const auto subject = parse_number(in, 999);
  if (!subject || !in.take('.')) return std::nullopt;
  const auto detail = parse_number(in, 999);
  if (!detail || (!in.at_end() && in.peek() != ' ')) return std::nullopt;
  length = in.position();
  return EnhancedCode{static_cast<std::uint16_t>(klass - '0'), static_cast<std::uint16_t>(*subject),
                      static_cast<std::uint16_t>(*detail)};
}

Result<std::optional<Reply>, ReplyFailure> ReplyReader::next() {
  for (;;) {
    const auto rest = std::string_view(buffer_).substr(at_);
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) {
      if (rest.size() > most_read_line_octets) return failure(ReplyFailure::TooLong);
      buffer_.erase(0, at_);
      at_ = 0;
      return std::optional<Reply>{};
    }
    if (end > most_read_line_octets) return failure(ReplyFailure::TooLong);
    auto line = rest.substr(0, end);
    at_ += end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    TRY(complete, take_line(line));
    if (!complete) continue;
    lines_ = 0;
    return std::optional<Reply>{std::exchange(reply_, {})};
  }
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF      RFC 5321 §4.2
Result<bool, ReplyFailure> ReplyReader::take_line(std::string_view line) {
  const auto code = reply_code(line);
  if (code == 0 || (line.size() > 3 && !is_separator(line[3]))) return failure(ReplyFailure::Malformed);
  if (lines_ > 0 && code != reply_.code) return failure(ReplyFailure::Malformed);
  if (++lines_ > most_read_lines) return failure(ReplyFailure::TooLong);
  auto text = line.substr(std::min<std::size_t>(4, line.size()));
  std::size_t length = 0;
  if (const auto enhanced = parse_enhanced_code(text, length); enhanced && enhanced->klass == code / 100) {
    if (lines_ == 1) reply_.enhanced = *enhanced;
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  reply_.code = code;
  if (lines_ > 1) reply_.text += '\n';
  for (const char c : text) reply_.text += is_ctl(c) ? '?' : c;
  return line.size() == 3 || line[3] == ' ';
}

}  // namespace hikyaku::smtp
