#include "protocol/policy_delegation/delegation.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::policy_delegation {
namespace {

using Kind = Action::Kind;

std::string printable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out)
    if (is_ctl(c)) c = '?';
  return out;
}

smtp::Reply reply_of(std::uint16_t code, std::string_view words, std::string_view otherwise) {
  smtp::Reply reply{code, {static_cast<std::uint16_t>(code / 100), 7, 1}, {}};
  std::size_t length = 0;
  if (const auto enhanced = smtp::parse_enhanced_code(words, length); enhanced && enhanced->klass == code / 100) {
    reply.enhanced = *enhanced;
    words.remove_prefix(std::min(words.size(), length + 1));
  }
  reply.text = words.empty() ? std::string(otherwise) : printable(words, 480);
  return reply;
}

constexpr std::string_view refused = "Refused by the receiver's policy", put_off = "Not taken now, try again later";

// "550 5.7.1 text", "450"
std::optional<Action> coded(std::string_view word, std::string_view rest) {
  if (word.size() != 3 || (word[0] != '4' && word[0] != '5') || !std::ranges::all_of(word, is_digit)) return std::nullopt;
  const auto code = static_cast<std::uint16_t>((word[0] - '0') * 100 + (word[1] - '0') * 10 + (word[2] - '0'));
  if (word[0] == '4') return Action{Kind::Defer, reply_of(code, rest, put_off), {}};
  return Action{Kind::Refuse, reply_of(code, rest, refused), {}};
}

}  // namespace

std::string request_text(const std::vector<std::pair<std::string_view, std::string_view>>& attributes) {
  std::string out;
  for (const auto& [name, value] : attributes) (out += name) += '=' + printable(value, 1'000) + '\n';
  return out += '\n';
}

std::optional<Action> parse_action(std::string_view words) {
  Cursor in(words);
  const auto word = in.take_while([](char c) { return c != ' ' && c != '\t'; });
  in.take_while([](char c) { return c == ' ' || c == '\t'; });
  const auto rest = in.rest();
  const auto is = [&](std::string_view name) { return equal_ignoring_case(word, name); };
  if (auto action = coded(word, rest)) return action;
  if (is("DUNNO")) return Action{};
  if (is("OK") || (!word.empty() && std::ranges::all_of(word, is_digit))) return Action{.kind = Kind::Permit};
  if (is("REJECT")) return Action{Kind::Refuse, reply_of(554, rest, refused), {}};
  // Ours is asked last: whatever is not refused by now is permitted.
  if (is("DEFER") || is("DEFER_IF_PERMIT")) return Action{Kind::Defer, reply_of(450, rest, put_off), {}};
  if (is("DEFER_IF_REJECT")) return Action{};
  if (is("WARN") || is("INFO")) return Action{.kind = Kind::Dunno, .text = printable(rest, 480), .warns = true};
  if (is("PREPEND")) return Action{.kind = Kind::Prepend, .text = printable(rest, 4'000)};
  if (is("HOLD")) return Action{.kind = Kind::Hold, .text = printable(rest, 480)};
  if (is("DISCARD")) return Action{.kind = Kind::Discard, .text = printable(rest, 480)};
  if (is("FILTER") || is("REDIRECT") || is("BCC")) return Action{.kind = Kind::NotForUs, .text = printable(words, 480)};
  return std::nullopt;
}

// An empty line ends the answer; lines that are no "action=" are for others.
bool ReplyReader::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    state_ = has_action_ ? State::Complete : State::Failed;
    return false;
  }
  if (!has_action_ && line.starts_with("action=")) {
    has_action_ = true;
    action_ = line.substr(7);
  }
  return true;
}

void ReplyReader::receive(std::string_view octets) {
  if (state_ != State::Reading) return;
  octets_ += octets.size();
  buffer_ += octets;
  std::size_t at = 0;
  for (auto end = buffer_.find('\n'); end != std::string::npos && state_ == State::Reading; end = buffer_.find('\n', at)) {
    take_line(std::string_view(buffer_).substr(at, end - at));
    at = end + 1;
  }
  buffer_.erase(0, at);
  if (state_ == State::Reading && octets_ > most_reply_octets) state_ = State::Failed;
}

}  // namespace hikyaku::policy_delegation
