#include "protocol/imap/framing.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/cursor.h"

namespace hikyaku::imap {
namespace {

constexpr std::size_t longest_literal_header = 24;  // "~{18446744073709551615+}"

}  // namespace

// literal = "{" number64 ["+"] "}" CRLF *CHAR8      literal8 = "~{" number64 ["+"] "}" CRLF *OCTET     RFC 9051 §9
bool ends_in_literal_header(std::string_view line, Literal& found) {
  if (!line.ends_with('}')) return false;
  std::size_t at = line.size() - 1;
  found = {};
  if (at > 0 && line[at - 1] == '+') found.synchronizing = false, --at;
  const std::size_t digits_end = at;
  while (at > 0 && is_digit(line[at - 1])) --at;
  if (at == digits_end || at == 0 || line[at - 1] != '{') return false;
  Cursor number(line.substr(at, digits_end - at));
  const auto octets = parse_number(number, std::numeric_limits<std::int64_t>::max());
  found.octets = octets ? *octets : std::numeric_limits<std::uint64_t>::max();
  found.binary = at >= 2 && line[at - 2] == '~';
  return true;
}

void Framer::receive(std::string_view octets) {
  drop_consumed();
  input_.append(octets);
}

void Framer::drop_consumed() {
  if (at_ == 0) return;
  streamed_ = {};
  input_.erase(0, at_);
  scanned_ -= std::min(scanned_, at_);
  at_ = 0;
}

void Framer::restart_if_done() {
  if (!text_done_) return;
  text_.clear();
  text_done_ = false;
}

Framed Framer::next() {
  streamed_ = {};
  switch (state_) {
    case State::Line: return next_in_line();
    case State::Deciding: return Framed::Announced;
    case State::Gathering: {
      const std::size_t taken = std::min<std::uint64_t>(literal_left_, input_.size() - at_);
      text_.append(input_, at_, taken);
      at_ += taken;
      literal_left_ -= taken;
      if (literal_left_ > 0) return Framed::NeedMore;
      state_ = State::Line;
      return next_in_line();
    }
    case State::StreamingNow: {
      if (literal_left_ == 0) {
        state_ = State::Line;
        return Framed::Streamed;
      }
      const std::size_t taken = std::min<std::uint64_t>(literal_left_, input_.size() - at_);
      if (taken == 0) return Framed::NeedMore;
      streamed_ = std::string_view(input_).substr(at_, taken);
      at_ += taken;
      literal_left_ -= taken;
      return Framed::Streaming;
    }
    case State::SkippingLine: return skip_line();
    case State::SkippingLiteral: {
      const std::size_t taken = std::min<std::uint64_t>(literal_left_, input_.size() - at_);
      at_ += taken;
      literal_left_ -= taken;
      if (literal_left_ > 0) return Framed::NeedMore;
      state_ = State::SkippingLine;
      return skip_line();
    }
  }
  return Framed::NeedMore;
}

Framed Framer::next_in_line() {
  restart_if_done();
  scanned_ = std::max(scanned_, at_);
  const auto line_feed = input_.find('\n', scanned_);
  const bool whole = line_feed != std::string::npos;
  const std::size_t end = whole ? line_feed : input_.size();
  scanned_ = end;
  if (text_.size() + (end - at_) > limits_.command_octets) {
    text_.append(input_, at_, std::min<std::size_t>(end - at_, 256));
    skipped_as_ = Framed::TooLong;
    state_ = State::SkippingLine;
    skipped_tail_.clear();
    return skip_line();
  }
  if (!whole) return Framed::NeedMore;
  text_.append(input_, at_, end - at_);
  at_ = end + 1;
  // RFC 9051 §2.2 ends lines with CRLF; a bare LF is what people send who type into nc or openssl s_client.
  if (text_.ends_with('\r')) text_.pop_back();
  if (announces_literal()) {
    text_ += "\r\n";
    state_ = State::Deciding;
    return Framed::Announced;
  }
  text_done_ = true;
  return Framed::Command;
}

bool Framer::announces_literal() { return ends_in_literal_header(text_, literal_); }

// Skips to the end of the command: over non-synchronizing literals, which are sent in any case, up to the end of a
// line or to a literal the client waits with.
Framed Framer::skip_line() {
  scanned_ = std::max(scanned_, at_);
  const auto line_feed = input_.find('\n', scanned_);
  const std::size_t end = line_feed == std::string::npos ? input_.size() : line_feed;
  const auto seen = std::string_view(input_).substr(at_, end - at_);
  skipped_tail_.append(seen.substr(seen.size() - std::min(seen.size(), longest_literal_header + 2)));
  if (skipped_tail_.size() > 4 * longest_literal_header) skipped_tail_.erase(0, skipped_tail_.size() - longest_literal_header - 2);
  at_ = end;
  scanned_ = end;
  if (line_feed == std::string::npos) return Framed::NeedMore;
  at_ = end + 1;
  // The same last octets, whether they came at once or one by one.
  if (skipped_tail_.size() > longest_literal_header + 2) skipped_tail_.erase(0, skipped_tail_.size() - longest_literal_header - 2);
  if (skipped_tail_.ends_with('\r')) skipped_tail_.pop_back();
  Literal further;
  const bool more = ends_in_literal_header(skipped_tail_, further) && !further.synchronizing;
  skipped_tail_.clear();
  if (more) {
    literal_left_ = further.octets;
    state_ = State::SkippingLiteral;
    return next();
  }
  state_ = State::Line;
  text_done_ = true;
  return skipped_as_;
}

std::string Framer::take_command() {
  check(text_done_, "a command is taken when it is whole");
  std::string command = std::move(text_);
  text_.clear();
  text_done_ = false;
  return command;
}

void Framer::gather_literal() {
  check(state_ == State::Deciding, "a literal is decided on once");
  check(literal_fits(), "a gathered literal fits the limits");
  literal_left_ = literal_.octets;
  state_ = State::Gathering;
}

void Framer::stream_literal() {
  check(state_ == State::Deciding, "a literal is decided on once");
  literal_left_ = literal_.octets;
  state_ = State::StreamingNow;
  text_.clear();
}

void Framer::refuse_literal() {
  check(state_ == State::Deciding, "a literal is decided on once");
  if (literal_.synchronizing) {  // the client never sends it: the command ends here
    state_ = State::Line;
    text_done_ = true;
    return;
  }
  skipped_as_ = Framed::Refused;
  literal_left_ = literal_.octets;
  skipped_tail_.clear();
  state_ = State::SkippingLiteral;
}

LineFound Framer::next_line(std::string& line, std::size_t limit) {
  restart_if_done();
  line.clear();
  scanned_ = std::max(scanned_, at_);
  const auto line_feed = input_.find('\n', scanned_);
  const std::size_t end = line_feed == std::string::npos ? input_.size() : line_feed;
  // text_ keeps what came so far of a long line, up to the limit and one octet more.
  if (text_.size() <= limit) text_.append(input_, at_, std::min(end - at_, limit + 2 - text_.size()));
  at_ = end;
  scanned_ = end;
  if (line_feed == std::string::npos) return LineFound::NeedMore;
  ++at_;
  if (text_.ends_with('\r')) text_.pop_back();
  const bool fits = text_.size() <= limit;
  if (fits) line = text_;
  text_.clear();
  return fits ? LineFound::Whole : LineFound::TooLong;
}

std::string Framer::take_rest() {
  std::string rest = input_.substr(at_);
  input_.clear();
  at_ = scanned_ = 0;
  streamed_ = {};
  return rest;
}

void Framer::release_memory() {
  drop_consumed();
  if (input_.empty()) std::string().swap(input_);
  if (text_.empty() || text_done_) std::string().swap(text_), text_done_ = false;
  std::string().swap(skipped_tail_);
}

}  // namespace hikyaku::imap
