#include "protocol/smtp/field_filter.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::smtp {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The name of a field may be followed by blanks before its colon (RFC 5322 §4.5, obs-optional).
std::string_view after_name(std::string_view line, std::string_view name) {
  line.remove_prefix(name.size());
  return line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
}

}  // namespace

bool FieldFilter::is_named(std::string_view line) const {
  return std::ranges::any_of(names_, [&](std::string_view name) { return starts_with_ignoring_case(line, name) && after_name(line, name).starts_with(':'); });
}

bool FieldFilter::may_become_named(std::string_view line) const {
  return std::ranges::any_of(names_, [&](std::string_view name) {
    if (line.size() < name.size()) return starts_with_ignoring_case(name, line);
    return starts_with_ignoring_case(line, name) && after_name(line, name).empty();
  });
}

std::string_view FieldFilter::next(std::string_view& octets) {
  return state_ == State::LineBegin ? judge(octets) : to_the_line_end(octets);
}

// Octet by octet until the line's beginning tells what it is.
std::string_view FieldFilter::judge(std::string_view& octets) {
  begin_ += octets.front();
  octets.remove_prefix(1);
  const bool folded = is_blank(begin_.front());
  if (!folded && begin_.size() < 2 * longest_name && may_become_named(begin_)) return {};
  if (begin_ == "\r") return {};
  if (begin_ == "\r\n" || begin_ == "\n") {
    state_ = State::Body;
  } else {
    // Nobody puts so many blanks before a colon but to get by here.
    if (!folded) dropping_field_ = is_named(begin_) || (begin_.size() >= 2 * longest_name && may_become_named(begin_));
    removed_ += !folded && dropping_field_;
    const bool line_ended = begin_.back() == '\n';
    state_ = line_ended ? State::LineBegin : dropping_field_ ? State::Dropping : State::Keeping;
    if (dropping_field_) return begin_.clear(), std::string_view{};
  }
  given_ = std::move(begin_);
  begin_.clear();
  return given_;
}

std::string_view FieldFilter::to_the_line_end(std::string_view& octets) {
  const auto end = octets.find('\n');
  const auto part = octets.substr(0, end == std::string_view::npos ? octets.size() : end + 1);
  octets.remove_prefix(part.size());
  const bool kept = state_ == State::Keeping;
  if (end != std::string_view::npos) state_ = State::LineBegin;
  return kept ? part : std::string_view{};
}

std::string FieldFilter::finish() { return std::move(begin_); }

}  // namespace hikyaku::smtp
