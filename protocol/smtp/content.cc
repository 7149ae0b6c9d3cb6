#include "protocol/smtp/content.h"

#include <cstring>
#include <utility>

namespace hikyaku::smtp {
namespace {
std::size_t find_octet(std::string_view text, std::size_t from, char wanted) {
  const void* found = std::memchr(text.data() + from, wanted, text.size() - from);
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}
}  // namespace

void ContentReader::note(ContentFlaw flaw) {
  if (flaw_ == ContentFlaw::None || (!stopped_ && (flaw == ContentFlaw::BareCr || flaw == ContentFlaw::BareLf))) flaw_ = flaw;
  if (flaw == ContentFlaw::BareLf || flaw == ContentFlaw::BareCr) stopped_ = true;
}

std::string_view ContentReader::give(std::string_view run) {
  octets_ += run.size();
  if (rules_.nul == ContentRules::Nul::Refused && flaw_ == ContentFlaw::None && !run.empty() &&
      std::memchr(run.data(), 0, run.size()) != nullptr)
    note(ContentFlaw::Nul);
  return run;
}

std::string_view ContentReader::next(std::string_view& in) {
  if (framing_ == ContentFraming::Binary) {
    octets_ += in.size();
    return std::exchange(in, {});
  }
  while (!in.empty() && !stopped_ && !ended()) {
    const auto run = place_ == Place::LineStart || place_ == Place::Middle ? read_lines(in) : continue_split(in);
    if (!run.empty()) return give(run);
  }
  return {};
}

void ContentReader::finish() {
  if (place_ == Place::Cr) note(ContentFlaw::BareCr);
}

// The input was cut between the octets of a line end or of a dot.
std::string_view ContentReader::continue_split(std::string_view& in) {
  switch (place_) {
    case Place::Cr:
      if (in.front() != '\n') return note(ContentFlaw::BareCr), std::string_view{};
      in.remove_prefix(1);
      place_ = Place::LineStart;
      if (line_octets_ + 2 > rules_.most_line_octets) note(ContentFlaw::LineTooLong);
      line_octets_ = 0;
      return "\r\n";
    case Place::Dot:
      if (in.front() != '\r') {  // a stuffed dot: dropped
        place_ = Place::Middle;
        return {};
      }
      in.remove_prefix(1);
      place_ = Place::DotCr;
      return {};
    case Place::DotCr:
      if (in.front() != '\n') return note(ContentFlaw::BareCr), std::string_view{};
      in.remove_prefix(1);
      place_ = Place::Ended;
      return {};
    default: return {};
  }
}

// At a line start. True when a dot stands there, with the place and the octet to go on at set.
bool ContentReader::take_dot(std::string_view in, std::size_t at, std::size_t& next_at) {
  if (framing_ == ContentFraming::Counted || in[at] != '.') return false;
  next_at = at + 1;
  place_ = Place::Dot;
  return true;
}

// Whole lines, as many as stand before the next dot at a line start, and the beginning of a cut line.
std::string_view ContentReader::read_lines(std::string_view& in) {
  const std::string_view text = in;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t after_dot = 0;
    if (place_ == Place::LineStart && take_dot(text, at, after_dot)) {
      in = text.substr(after_dot);
      return text.substr(0, at);
    }
    const auto lf = find_octet(text, at, '\n');
    const auto end = lf == std::string_view::npos ? text.size() : lf;
    const auto cr = find_octet(text.substr(0, end), at, '\r');
    if (lf != std::string_view::npos && cr == lf - 1 && lf > at) {
      if (line_octets_ + (lf + 1 - at) > rules_.most_line_octets) note(ContentFlaw::LineTooLong);
      line_octets_ = 0;
      place_ = Place::LineStart;
      at = lf + 1;
      continue;
    }
    if (lf == std::string_view::npos && (cr == std::string_view::npos || cr == text.size() - 1)) {
      // The line goes on in the next octets to come; a CR waits for its LF.
      const auto given = cr == std::string_view::npos ? text.size() : cr;
      line_octets_ += given - at;
      if (line_octets_ > rules_.most_line_octets) note(ContentFlaw::LineTooLong);
      place_ = cr == std::string_view::npos ? Place::Middle : Place::Cr;
      in = {};
      return text.substr(0, given);
    }
    note(cr == std::string_view::npos ? ContentFlaw::BareLf : ContentFlaw::BareCr);
    in = text.substr(at);
    return text.substr(0, at);
  }
  in = {};
  return text;
}

void append_dot_stuffed(std::string& out, std::string_view text, char& last) {
  if (text.empty()) return;
  if (last == '\n' && text.front() == '.') out += '.';
  std::size_t from = 0;
  for (std::size_t at = 0;;) {
    const auto lf = at < text.size() ? find_octet(text, at, '\n') : std::string_view::npos;
    if (lf == std::string_view::npos || lf + 1 == text.size()) break;
    at = lf + 1;
    if (text[at] == '.') {
      out.append(text.substr(from, at - from)).append(1, '.');
      from = at;
    }
  }
  out.append(text.substr(from));
  last = text.back();
}

}  // namespace hikyaku::smtp
