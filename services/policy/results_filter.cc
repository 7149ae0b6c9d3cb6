#include "services/policy/results_filter.h"

#include "base/cursor.h"
#include "protocol/authres/authres.h"

namespace hikyaku::policy {
namespace {

constexpr std::string_view name = "authentication-results";

bool begins_results(std::string_view line) {
  if (line.size() < name.size() || !equal_ignoring_case(line.substr(0, name.size()), name)) return false;
  const auto after = line.find_first_not_of(" \t", name.size());
  return after != std::string_view::npos && line[after] == ':';
}

}  // namespace

std::string_view ResultsFilter::pass(std::string_view chunk) {
  if (at_ == At::Body) return chunk;
  out_.clear();
  while (at_ != At::Body && !chunk.empty()) {
    const auto end = chunk.find('\n');
    const auto part = chunk.substr(0, end == std::string_view::npos ? chunk.size() : end + 1);
    chunk.remove_prefix(part.size());
    // A line that cannot be one of ours any more goes on as it comes: lines of headers have no bound here.
    if (at_ == At::InOther) {
      out_ += part;
      if (end != std::string_view::npos) at_ = At::LineStart;
      continue;
    }
    line_ += part;
    if (end != std::string_view::npos) {
      const std::string line = std::exchange(line_, {});
      take_line(line);
    } else if (line_.size() > most_field_octets) {
      const std::string line = std::exchange(line_, {});
      const bool continues = at_ == At::InResults || (in_results_ && (line[0] == ' ' || line[0] == '\t'));
      if (continues || begins_results(line)) {
        take_line(line);
        too_long_ = true;
        at_ = At::InResults;
      } else {
        settle();
        out_ += line;
        at_ = At::InOther;
      }
    }
  }
  out_ += chunk;
  return out_;
}

void ResultsFilter::take_line(std::string_view line) {
  const bool was_inside = at_ == At::InResults;  // of a line longer than the bound
  if (was_inside || (in_results_ && (line[0] == ' ' || line[0] == '\t'))) {
    if (held_.size() + line.size() > most_field_octets) too_long_ = true;
    if (!too_long_) held_ += line;
    at_ = At::LineStart;
    return;
  }
  settle();
  if (begins_results(line)) {
    in_results_ = true;
    held_ = line;
    return;
  }
  out_ += line;
  if (line == "\r\n" || line == "\n") at_ = At::Body;
}

// The field that was held back is whole.
void ResultsFilter::settle() {
  if (!std::exchange(in_results_, false)) return;
  const bool ours = too_long_ || !authres::forged_fields(held_, authserv_id_).empty();
  if (ours) ++removed_;
  else out_ += held_;
  held_.clear();
  too_long_ = false;
}

std::string_view ResultsFilter::rest() {
  out_.clear();
  if (at_ == At::Body) return out_;
  if (!line_.empty()) {
    const std::string line = std::exchange(line_, {});
    take_line(line);
  }
  settle();
  at_ = At::Body;
  return out_;
}

}  // namespace hikyaku::policy
