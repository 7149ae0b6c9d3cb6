#include "services/signing/sign_counts.h"

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::signing {
namespace {

constexpr std::uint64_t most = 1ULL << 62;

std::string_view word(Cursor& in) {
  const auto text = in.take_while([](char c) { return c != ' '; });
  (void)in.take(' ');
  return text;
}

// The one of `all` that has the name; null: none.
template <class All, class Name>
auto named(const All& all, std::string_view name, Name name_of) {
  const auto found = std::ranges::find(all, name, name_of);
  return found == all.end() ? nullptr : &*found;
}

void take_line(std::string_view line, SignCounts& into) {
  Cursor in(line);
  const auto kind = word(in);
  if (kind == "failed") {
    const auto* failure = named(all_failures, word(in), failure_name);
    const auto count = parse_number(in, most);
    if (failure != nullptr && count && in.at_end()) into.of(*failure) = *count;
  } else if (kind == "made") {
    const auto* algorithm = named(all_algorithms, word(in), dkim::algorithm_name);
    const auto* field = named(all_sign_fields, word(in), field_name);
    const auto count = parse_number(in, most);
    const bool apart = in.take(' ');
    const auto microseconds = parse_number(in, most);
    if (algorithm != nullptr && field != nullptr && count && apart && microseconds && in.at_end()) into.of(*algorithm, *field) = {*count, *microseconds};
  }
}

}  // namespace

std::string_view failure_name(SignFailure failure) {
  switch (failure) {
    case SignFailure::NoSuchKey: return "no-such-key";
    case SignFailure::Unreadable: return "unreadable-key";
    case SignFailure::Busy: return "busy";
    case SignFailure::NotUnderstood: return "not-understood";
  }
  return "";
}

std::string print_counts(const SignCounts& counts) {
  std::string text;
  for (const auto algorithm : all_algorithms)
    for (const auto field : all_sign_fields) {
      const auto& made = counts.of(algorithm, field);
      text.append("made ").append(dkim::algorithm_name(algorithm)).append(" ").append(field_name(field)).append(" ").append(std::to_string(made.count)).append(" ").append(std::to_string(made.microseconds)).append("\n");
    }
  for (const auto failure : all_failures) text.append("failed ").append(failure_name(failure)).append(" ").append(std::to_string(counts.of(failure))).append("\n");
  return text;
}

SignCounts parse_counts(std::string_view text) {
  SignCounts counts;
  while (!text.empty()) {
    const auto end = text.find('\n');
    take_line(text.substr(0, end), counts);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return counts;
}

}  // namespace hikyaku::signing
