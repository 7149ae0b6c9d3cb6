#include "protocol/tls_policy/sts_policy.h"

#include <algorithm>
#include <optional>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::tls_policy {
namespace {

constexpr std::size_t most_hosts = 1'000;  // more than a domain can have MX hosts

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// What has been read; each field counts the first time only, but for mx (§3.2).
struct Fields {
  std::optional<std::string_view> version, mode, max_age;
  std::vector<std::string> mx;
};

// sts-policy-mx = [ "*." ] Domain
std::optional<std::string> read_host(std::string_view value) {
  const bool wildcard = value.starts_with("*.");
  const auto name = dns::canonical_name(wildcard ? value.substr(2) : value);
  if (!name) return std::nullopt;
  return (wildcard ? "*." : "") + *name;
}

// name ":" *WSP value      §3.2; fields nobody knows are passed over
std::optional<std::string> take_line(std::string_view line, Fields& fields) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return "a line of it is no field";
  const auto name = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
  const auto once = [&value](std::optional<std::string_view>& field) {
    if (!field) field = value;
  };
  if (name == "version") once(fields.version);
  if (name == "mode") once(fields.mode);
  if (name == "max_age") once(fields.max_age);
  if (name != "mx") return std::nullopt;
  auto host = read_host(value);
  if (!host) return "it has an mx that is no host name";
  if (fields.mx.size() == most_hosts) return "it has too many mx fields";
  fields.mx.push_back(std::move(*host));
  return std::nullopt;
}

// 1*10(DIGIT)
std::optional<std::chrono::seconds> read_max_age(std::string_view value) {
  Cursor in(value);
  const auto number = value.size() <= 10 ? parse_number(in, 9'999'999'999) : in.expected("shorter number");
  if (!number || !in.at_end()) return std::nullopt;
  return std::min(std::chrono::seconds(static_cast<std::int64_t>(*number)), longest_max_age);
}

std::optional<StsMode> read_mode(std::string_view value) {
  for (const auto mode : {StsMode::None, StsMode::Testing, StsMode::Enforce})
    if (mode_name(mode) == value) return mode;
  return std::nullopt;
}

}  // namespace

std::string_view mode_name(StsMode mode) {
  switch (mode) {
    case StsMode::None: return "none";
    case StsMode::Testing: return "testing";
    case StsMode::Enforce: return "enforce";
  }
  return "none";
}

bool StsPolicy::lists(std::string_view host) const {
  const auto dot = host.find('.');
  return std::ranges::any_of(mx, [&](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return pattern == host;
    return dot != std::string_view::npos && dot > 0 && host.substr(dot) == std::string_view(pattern).substr(1);
  });
}

Result<StsPolicy, std::string> parse_sts_policy(std::string_view text) {
  if (text.size() > most_policy_octets) return failure(std::string("it is longer than 64 KiB"));
  Fields fields;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trimmed(line);
    if (line.empty()) continue;  // tolerated: many policies end with an empty line
    if (auto why = take_line(line, fields)) return failure(std::move(*why));
  }
  if (fields.version != "STSv1") return failure(std::string("it does not say \"version: STSv1\""));
  const auto mode = read_mode(fields.mode.value_or(""));
  if (!mode) return failure(std::string("it has no mode this program knows"));
  const auto max_age = read_max_age(fields.max_age.value_or(""));
  if (!max_age) return failure(std::string("its max_age is no number"));
  if (fields.mx.empty() && *mode != StsMode::None) return failure(std::string("it names no mx"));
  return StsPolicy{*mode, *max_age, std::move(fields.mx)};
}

}  // namespace hikyaku::tls_policy
