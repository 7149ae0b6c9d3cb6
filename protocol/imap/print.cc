#include "protocol/imap/print.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/imap/grammar.h"

namespace hikyaku::imap {
namespace {

constexpr std::size_t longest_quoted = 1'000;

void print_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void print_two_digits(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

}  // namespace

void print_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void print_string(std::string& out, std::string_view text) {
  const bool quotable = text.size() <= longest_quoted &&
                        std::ranges::none_of(text, [](char c) { return is_ctl(c) || is_eight_bit(c); });
  if (quotable) return print_quoted(out, text);
  out += '{';
  print_number(out, text.size());
  out += "}\r\n";
  out += text;
}

void print_nstring(std::string& out, const std::optional<std::string>& text) {
  if (text) {
    print_string(out, *text);
  } else {
    out += "NIL";
  }
}

void print_astring(std::string& out, std::string_view text, Quoted8Bit eight_bit) {
  const bool atom = !text.empty() && std::ranges::all_of(text, is_astring_char) && !equal_ignoring_case(text, "NIL");
  if (atom) {
    out += text;
  } else if (eight_bit == Quoted8Bit::Utf8 && text.size() <= longest_quoted && std::ranges::none_of(text, is_ctl)) {
    print_quoted(out, text);
  } else {
    print_string(out, text);
  }
}

void print_flags(std::string& out, const MessageFlags& flags, Recency recency) {
  constexpr std::pair<SystemFlag, std::string_view> names[] = {{Answered, "\\Answered"}, {Deleted, "\\Deleted"},
                                                               {Draft, "\\Draft"},       {Flagged, "\\Flagged"},
                                                               {Seen, "\\Seen"}};
  const auto start = out.size();
  const auto word = [&](std::string_view text) {
    if (out.size() > start) out += ' ';
    out += text;
  };
  for (const auto& [bit, name] : names) {
    if (flags.has(bit)) word(name);
  }
  if (recency == Recency::Recent) word("\\Recent");
  for (const auto& keyword : flags.keywords) word(keyword);
}

void print_number_set(std::string& out, const NumberSet& set) {
  bool first = true;
  for (const auto& range : set.ranges()) {
    if (!first) out += ',';
    first = false;
    print_number(out, range.first);
    if (range.last != range.first) out += ':', print_number(out, range.last);
  }
}

void print_date_time(std::string& out, WallTime time, std::chrono::minutes zone) {
  using namespace std::chrono;
  time += zone;
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  const auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9'999));
  out += '"';
  print_two_digits(out, static_cast<unsigned>(date.day()));
  out += '-';
  out += months[static_cast<unsigned>(date.month()) - 1];
  out += '-';
  print_two_digits(out, year / 100);
  print_two_digits(out, year % 100);
  out += ' ';
  print_two_digits(out, static_cast<unsigned>(clock.hours().count()));
  out += ':';
  print_two_digits(out, static_cast<unsigned>(clock.minutes().count()));
  out += ':';
  print_two_digits(out, static_cast<unsigned>(clock.seconds().count()));
  out += zone < minutes(0) ? " -" : " +";
  const auto east = static_cast<unsigned>(abs(zone).count());
  print_two_digits(out, east / 60);
  print_two_digits(out, east % 60);
  out += '"';
}

void print_text(std::string& out, std::string_view text) {
  for (const char c : text.substr(0, 400)) out += is_ctl(c) || is_eight_bit(c) ? '?' : c;
}

}  // namespace hikyaku::imap
