#include "services/directory/access.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "protocol/dns/host_name.h"
#include "services/directory/address_text.h"

namespace hikyaku::directory {
namespace {

constexpr std::array<std::string_view, 3> who_names{"client", "sender", "recipient"}, action_names{"allow", "defer", "refuse"};

template <class Enum, std::size_t size>
std::optional<Enum> named(const std::array<std::string_view, size>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

// "10.*.*.*", "192.0.2.*": E-Post's networks.
std::optional<std::string> starred_network(std::string_view text) {
  std::string base;
  int labels = 0, stars = 0;
  for (;;) {
    const auto label = text.substr(0, text.find('.'));
    if (label == "*") ++stars;
    else if (stars > 0) return std::nullopt;
    base += (labels++ == 0 ? "" : ".") + (label == "*" ? std::string("0") : std::string(label));
    if (label.size() == text.size()) break;
    text.remove_prefix(label.size() + 1);
  }
  if (labels != 4 || stars == 0) return std::nullopt;
  const auto network = io::IpNetwork::parse(base + "/" + std::to_string(8 * (4 - stars)));
  return network ? std::optional(network->to_string()) : std::nullopt;
}

// "a.example", ".a.example", "*.a.example"
std::optional<std::string> name_pattern(std::string_view text) {
  const bool below = text.starts_with("*.") || text.starts_with('.');
  if (below) text.remove_prefix(text.front() == '*' ? 2 : 1);
  const auto name = dns::canonical_name(text);
  if (!name) return std::nullopt;
  return below ? "." + *name : *name;
}

bool is_expression(std::string_view text) { return text.size() >= 3 && text.starts_with('/') && text.ends_with('/'); }

Result<std::string, std::string> client_pattern(std::string_view text) {
  if (is_expression(text)) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    const RE2 compiled(std::string(text.substr(1, text.size() - 2)), options);
    if (!compiled.ok()) return failure("The expression " + std::string(text) + " cannot be used (" + compiled.error() + "); write it as RE2 reads it.");
    return std::string(text);
  }
  if (const auto address = io::IpAddress::parse(text)) return address->to_string();
  if (const auto network = io::IpNetwork::parse(text)) return network->to_string();
  if (auto network = starred_network(text)) return *std::move(network);
  // Also when it does so only once what IDNA leaves out is gone.
  const auto looks_like_address = [](std::string_view name) { return name.find_first_not_of("0123456789.:/*") == std::string_view::npos; };
  if (auto name = looks_like_address(text) ? std::nullopt : name_pattern(text); name && !looks_like_address(*name)) return *std::move(name);
  return failure("\"" + std::string(text) + "\" is no client; write an address, a network like 192.0.2.0/24, a name, .domain for all names below it, or /expression/.");
}

Result<std::string, std::string> mail_pattern(AccessWho who, std::string_view text) {
  if (who == AccessWho::Sender && text == "<>") return std::string(text);
  if (text.find('@') != std::string_view::npos) {
    if (const auto address = parse_address(text)) return fold(*address);
  } else if (auto name = name_pattern(text)) {
    if (who == AccessWho::Sender || !name->starts_with('.')) return *std::move(name);
  }
  if (who == AccessWho::Sender) return failure("\"" + std::string(text) + "\" is no sender; write user@domain, a domain, .domain for all below it, or <> for error mails.");
  return failure("\"" + std::string(text) + "\" is no recipient; write user@domain, or a domain.");
}

// Printable, in one line.
bool is_line(std::string_view text) {
  return std::ranges::none_of(text, [](char octet) { return static_cast<unsigned char>(octet) < ' ' || octet == 0x7F; });
}

std::string seconds_text(WallTime at) {
  return at == WallTime::max() ? "-" : std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

std::optional<WallTime> parse_seconds(std::string_view text) {
  if (text == "-") return WallTime::max();
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > 253'402'300'799) return std::nullopt;
  return WallTime{std::chrono::seconds{seconds}};
}

}  // namespace

std::string_view who_name(AccessWho who) { return who_names[static_cast<std::size_t>(who)]; }
std::optional<AccessWho> parse_who(std::string_view name) { return named<AccessWho>(who_names, name); }
std::string_view access_name(AccessAction action) { return action_names[static_cast<std::size_t>(action)]; }
std::optional<AccessAction> parse_access(std::string_view name) { return named<AccessAction>(action_names, name); }

Result<std::string, std::string> normal_access_pattern(AccessWho who, std::string_view pattern) {
  return who == AccessWho::Client ? client_pattern(pattern) : mail_pattern(who, pattern);
}

std::string why_no_access_row(const AccessRow& row) {
  for (const auto* text : {&row.pattern, &row.source, &row.note})
    if (text->size() > longest_access_text || !is_line(*text)) return "A text of the row is longer than 500 octets or has control characters; make it shorter.";
  if (row.source.empty() || row.source.find('\t') != std::string::npos) return "The source has no name; give one with --source.";
  return {};
}

std::string print_access_row(const AccessRow& row) {
  std::string line;
  for (const std::string& word : {std::string(who_name(row.who)), row.pattern, std::string(access_name(row.action)), row.source, seconds_text(row.added), seconds_text(row.expires)})
    line += word + '\t';
  return line + row.note;
}

std::optional<AccessRow> parse_access_row(std::string_view line) {
  std::array<std::string_view, 7> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto tab = line.find('\t');
    if ((tab == std::string_view::npos) != (i + 1 == words.size())) return std::nullopt;
    words[i] = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  const auto who = parse_who(words[0]);
  const auto action = parse_access(words[2]);
  const auto added = parse_seconds(words[4]), expires = parse_seconds(words[5]);
  if (!who || !action || !added || !expires) return std::nullopt;
  const auto pattern = normal_access_pattern(*who, words[1]);
  if (!pattern) return std::nullopt;
  AccessRow row{*who, *pattern, *action, std::string(words[3]), std::string(words[6]), *added, *expires};
  if (!why_no_access_row(row).empty()) return std::nullopt;
  return row;
}

}  // namespace hikyaku::directory
