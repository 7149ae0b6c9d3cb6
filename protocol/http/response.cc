#include "protocol/http/response.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::http {
namespace {

constexpr std::size_t most_header_octets = 32 << 10;  // with trailers and the lines between chunks
constexpr std::size_t most_line_octets = 8 << 10;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void Response::fail(std::string why) {
  state_ = State::Failed;
  why_ = std::move(why);
  pending_.clear();
  at_ = 0;
}

void Response::receive(std::string_view octets) {
  if (state_ != State::Reading) return;
  pending_ += octets;
  while (state_ == State::Reading && step()) {
  }
  pending_.erase(0, at_);
  at_ = 0;
}

void Response::ended() {
  if (state_ != State::Reading) return;
  // RFC 9112 §6.3: without a length the end of the stream is the end of the body.
  if (part_ == Part::Body && !length_) state_ = State::Complete;
  else fail("The server's answer ended before it was complete");
}

// False: more octets are needed.
bool Response::step() {
  if (part_ == Part::Body || part_ == Part::Chunk) return take_body();
  std::string_view line;
  if (!take_line(line)) return false;
  switch (part_) {
    case Part::StatusLine: take_status(line); break;
    case Part::Header: line.empty() ? begin_body() : take_field(line); break;
    case Part::ChunkSize: take_chunk_size(line); break;
    case Part::ChunkEnd:
      if (!line.empty()) fail("A chunk of the answer is longer than it says");
      part_ = Part::ChunkSize;
      break;
    case Part::Trailer:
      if (line.empty()) state_ = State::Complete;
      break;
    case Part::Body:
    case Part::Chunk: break;
  }
  return true;
}

bool Response::take_line(std::string_view& line) {
  const std::string_view rest = std::string_view(pending_).substr(at_);
  const auto end = rest.find('\n');
  const auto octets = end == std::string_view::npos ? rest.size() : end + 1;
  if (octets > most_line_octets || header_octets_ + octets > most_header_octets) {
    fail("The header of the answer is too long");
    return false;
  }
  if (end == std::string_view::npos) return false;
  header_octets_ += octets;
  line = rest.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  at_ += octets;
  return true;
}

// status-line = HTTP-version SP status-code SP [ reason-phrase ]      RFC 9112 §4
void Response::take_status(std::string_view line) {
  Cursor in(line);
  const bool known = in.take("HTTP/1.0 ") || in.take("HTTP/1.1 ");
  const auto digits = in.take_octets(3);
  if (!known || !std::ranges::all_of(digits, is_digit) || digits.size() != 3 || digits[0] == '0' || !(in.at_end() || in.peek() == ' '))
    return fail("The server's answer is no HTTP/1.1");
  status_ = static_cast<std::uint16_t>((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
  part_ = Part::Header;
}

void Response::take_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos || line.substr(0, colon).find_first_of(" \t") != std::string_view::npos)
    return fail("A header field of the answer is none");
  const auto name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (equal_ignoring_case(name, "content-type")) media_type_ = ascii_lower(trimmed(value.substr(0, value.find(';'))));
  if (equal_ignoring_case(name, "transfer-encoding")) {
    if (!equal_ignoring_case(value, "chunked") || chunked_) return fail("The answer comes in a coding this program does not know");
    chunked_ = true;
  }
  if (equal_ignoring_case(name, "content-encoding") && !equal_ignoring_case(value, "identity"))
    return fail("The answer is compressed, which was not asked for");
  if (!equal_ignoring_case(name, "content-length")) return;
  Cursor in(value);
  const auto length = value.size() <= 18 ? parse_number(in, UINT64_MAX) : in.expected("shorter number");
  if (!length || !in.at_end() || (length_ && *length_ != *length)) return fail("The length of the answer is none");
  length_ = *length;
}

void Response::begin_body() {
  if (status_ < 200) {  // 1xx: the answer itself follows
    status_ = 0;
    length_.reset();
    chunked_ = false;
    part_ = Part::StatusLine;
    return;
  }
  // Both are how requests are smuggled (RFC 9112 §6.1); from a server we asked once it is a mistake all the same.
  if (chunked_ && length_) return fail("The answer has two lengths");
  part_ = chunked_ ? Part::ChunkSize : Part::Body;
  if (status_ == 204 || status_ == 304 || (length_ && *length_ == 0)) state_ = State::Complete;
  else if (length_ && *length_ > most_body_octets_) fail("The answer is too long");
}

// chunk-size = 1*HEXDIG [ chunk-ext ]      RFC 9112 §7.1
void Response::take_chunk_size(std::string_view line) {
  Cursor in(line);
  std::uint64_t size = 0;
  const auto digits = in.take_while([](char c) { return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f'); });
  const auto rest = trimmed(in.rest());
  if (digits.empty() || digits.size() > 8 || (!rest.empty() && rest.front() != ';')) return fail("A chunk of the answer has no size");
  for (const char c : digits) size = size * 16 + static_cast<std::uint64_t>(is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
  if (body_.size() + size > most_body_octets_) return fail("The answer is too long");
  length_ = size;
  part_ = size == 0 ? Part::Trailer : Part::Chunk;
}

bool Response::take_body() {
  std::string_view rest = std::string_view(pending_).substr(at_);
  if (length_) rest = rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(*length_, rest.size())));
  if (body_.size() + rest.size() > most_body_octets_) {
    fail("The answer is too long");
    return false;
  }
  body_ += rest;
  at_ += rest.size();
  if (!length_) return false;
  *length_ -= rest.size();
  if (*length_ > 0) return false;
  if (part_ == Part::Chunk) {
    part_ = Part::ChunkEnd;
    return true;
  }
  state_ = State::Complete;
  return false;
}

}  // namespace hikyaku::http
