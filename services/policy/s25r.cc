#include "services/policy/s25r.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/cursor.h"

namespace hikyaku::policy {
namespace {

bool is_digit(char octet) { return octet >= '0' && octet <= '9'; }
bool is_letter(char octet) { return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z'); }

// A name cut at its dots; the empty ones count, as they do for an expression.
std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> labels;
  for (;;) {
    const auto dot = name.find('.');
    labels.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return labels;
    name.remove_prefix(dot + 1);
  }
}

bool ends_with_digit(std::string_view label) { return !label.empty() && is_digit(label.back()); }

// [0-9][^0-9.]+[0-9] somewhere: two numbers with something else between.
bool has_two_numbers(std::string_view label) {
  const auto first = std::ranges::find_if(label, is_digit);
  const auto gap = std::find_if(first, label.end(), [](char octet) { return !is_digit(octet); });
  return std::any_of(gap, label.end(), is_digit);
}

bool has_run_of_digits(std::string_view label, std::size_t length) {
  std::size_t run = 0;
  for (const char octet : label) {
    run = is_digit(octet) ? run + 1 : 0;
    if (run == length) return true;
  }
  return false;
}

bool has_digit_hyphen_digit(std::string_view label) {
  for (std::size_t i = 0; i + 2 < label.size(); ++i)
    if (is_digit(label[i]) && label[i + 1] == '-' && is_digit(label[i + 2])) return true;
  return false;
}

// ^([^.]+\.)?[0-9][^.]*\.[^.]+\..+\.[a-z]: the label that begins with a digit is the first or the second; then one that is not empty,
// then anything of one octet at least, then one that begins with a letter.
bool begins_with_digit_above(const std::vector<std::string_view>& labels, std::size_t at) {
  if (at + 3 >= labels.size() || labels[at].empty() || !is_digit(labels[at].front()) || labels[at + 1].empty()) return false;
  // ".+" may hold dots: it is the octets between the label after and a later label.
  std::size_t between = labels[at + 2].size();
  for (std::size_t last = at + 3; last < labels.size(); ++last) {
    if (between > 0 && !labels[last].empty() && is_letter(labels[last].front())) return true;
    between += 1 + labels[last].size();
  }
  return false;
}

bool is_access_line(std::string_view label) {
  static constexpr std::array<std::string_view, 10> words{"dhcp", "dialup", "ppp", "adsl", "cdsl", "hdsl", "rdsl", "sdsl", "vdsl", "xdsl"};
  const auto begins = [&](std::string_view word) { return equal_ignoring_case(label.substr(0, word.size()), word); };
  for (const auto word : words)
    if (begins(word)) return std::ranges::any_of(label.substr(word.size()), is_digit);
  return begins("dsl") && std::ranges::any_of(label.substr(3), is_digit);
}

bool has_five_labels_with_two_numbered(const std::vector<std::string_view>& labels) {
  if (labels.size() < 5 || !ends_with_digit(labels[0]) || !ends_with_digit(labels[1]) || labels[2].empty()) return false;
  std::size_t between = 0;  // of ".+" before the last dot
  for (std::size_t i = 3; i + 1 < labels.size(); ++i) between += labels[i].size() + (i > 3 ? 1 : 0);
  return between > 0;
}

}  // namespace

std::optional<unsigned> s25r_rule(std::string_view client_name) {
  if (equal_ignoring_case(client_name, "unknown")) return 0;
  const auto labels = labels_of(client_name);
  const auto lowest = labels.front();
  if (labels.size() > 1 && has_two_numbers(lowest)) return 1;
  if (has_run_of_digits(lowest, 5)) return 2;
  if (begins_with_digit_above(labels, 0) || (!lowest.empty() && begins_with_digit_above(labels, 1))) return 3;
  if (labels.size() > 1 && ends_with_digit(lowest) && has_digit_hyphen_digit(labels[1])) return 4;
  if (has_five_labels_with_two_numbered(labels)) return 5;
  if (is_access_line(lowest)) return 6;
  return std::nullopt;
}

std::string_view s25r_expression(unsigned rule) {
  static constexpr std::array<std::string_view, 7> expressions{
      "^unknown$", "^[^.]*[0-9][^0-9.]+[0-9].*\\.", "^[^.]*[0-9]{5}", "^([^.]+\\.)?[0-9][^.]*\\.[^.]+\\..+\\.[a-z]",
      "^[^.]*[0-9]\\.[^.]*[0-9]-[0-9]", "^[^.]*[0-9]\\.[^.]*[0-9]\\.[^.]+\\..+\\.", "^(dhcp|dialup|ppp|[achrsvx]?dsl)[^.]*[0-9]"};
  check(rule < expressions.size(), "an S25R rule that exists");
  return expressions[rule];
}

}  // namespace hikyaku::policy
