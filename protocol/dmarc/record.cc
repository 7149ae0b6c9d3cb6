#include "protocol/dmarc/record.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/cursor.h"
#include "base/percent.h"
#include "protocol/dkim/tag_list.h"

namespace hikyaku::dmarc {
namespace {

using dkim::split;
using dkim::trimmed;
using dkim::whole_number;

constexpr std::size_t most_record_octets = 8192, most_tags = 64, most_address_octets = 320;

struct Tag {
  std::string_view name, value;
};

// dmarc-tag *( ";" dmarc-tag ); what has no "=" is passed over, of a name that comes twice the first counts.
std::vector<Tag> read_tags(std::string_view text) {
  std::vector<Tag> tags;
  for (const auto part : split(text, ';')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || tags.size() == most_tags) continue;
    const Tag tag{trimmed(part.substr(0, equals)), trimmed(part.substr(equals + 1))};
    if (std::ranges::none_of(tags, [&](const Tag& one) { return equal_ignoring_case(one.name, tag.name); })) tags.push_back(tag);
  }
  return tags;
}

std::optional<Policy> policy_of(std::string_view text) {
  for (const auto policy : {Policy::None, Policy::Quarantine, Policy::Reject})
    if (equal_ignoring_case(text, policy_name(policy))) return policy;
  return std::nullopt;
}

// "!" 1*DIGIT [ "k" / "m" / "g" / "t" ], powers of two (RFC 7489 §6.4)
bool take_size(std::string_view text, ReportUri& into) {
  unsigned shift = 0;
  if (!text.empty() && is_alpha(text.back())) {
    const auto unit = std::string_view("kmgt").find(ascii_lower(text.back()));
    if (unit == std::string_view::npos) return false;
    shift = 10 * (static_cast<unsigned>(unit) + 1);
    text.remove_suffix(1);
  }
  const auto number = whole_number(text);
  if (!number) return false;
  into.most_octets = *number > (std::numeric_limits<std::uint64_t>::max() >> shift) ? std::numeric_limits<std::uint64_t>::max() : *number << shift;
  return true;
}

std::optional<ReportUri> parse_report_uri(std::string_view text) {
  constexpr std::string_view scheme = "mailto:";
  if (!starts_with_ignoring_case(text, scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  ReportUri uri;
  if (const auto mark = text.rfind('!'); mark != std::string_view::npos) {
    if (!take_size(text.substr(mark + 1), uri)) return std::nullopt;
    text = text.substr(0, mark);
  }
  auto address = percent_decode(text.substr(0, text.find('?')));
  if (!address || address->size() > most_address_octets || std::ranges::any_of(*address, [](char c) { return is_ctl(c) || c == ' ' || c == '<' || c == '>'; })) return std::nullopt;
  const auto at = address->rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == address->size()) return std::nullopt;
  uri.address = *std::move(address);
  return uri;
}

// False: the tag is one whose wrong value spoils the policy (p=, sp=, np=).
bool read_policy(const Tag& tag, Record& into, bool& has_policy) {
  const auto policy = policy_of(tag.value);
  if (equal_ignoring_case(tag.name, "p")) {
    if (policy) into.policy = *policy, has_policy = true;
    return policy.has_value();
  }
  if (equal_ignoring_case(tag.name, "sp")) into.subdomain_policy = policy;
  else if (equal_ignoring_case(tag.name, "np")) into.missing_policy = policy;
  else return true;
  return policy.has_value();
}

void read_other(const Tag& tag, Record& into) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(tag.name, name); };
  const auto says = [&](std::string_view value) { return equal_ignoring_case(tag.value, value); };
  const auto number = whole_number(tag.value);
  if (is("adkim")) into.dkim = says("s") ? Alignment::Strict : Alignment::Relaxed;
  else if (is("aspf")) into.spf = says("s") ? Alignment::Strict : Alignment::Relaxed;
  else if (is("pct") && number && *number <= 100) into.percent = static_cast<unsigned>(*number);
  else if (is("t")) into.testing = says("y");
  else if (is("psd")) into.public_suffix = says("y") ? PublicSuffixMark::Yes : says("n") ? PublicSuffixMark::No : PublicSuffixMark::Unknown;
  else if (is("fo") && std::ranges::all_of(tag.value, [](char c) { return is_alpha(c) || is_digit(c) || c == ':'; })) into.failure_options = ascii_lower(tag.value);
  else if (is("ri") && number) into.interval_seconds = static_cast<std::uint32_t>(std::min<std::uint64_t>(*number, std::numeric_limits<std::uint32_t>::max()));
  else if (is("rua")) into.aggregate_uris = parse_report_uris(tag.value);
  else if (is("ruf")) into.failure_uris = parse_report_uris(tag.value);
}

}  // namespace

std::string_view policy_name(Policy policy) {
  constexpr std::array<std::string_view, 3> names{"none", "quarantine", "reject"};
  return names[static_cast<std::size_t>(policy)];
}

// dmarc-version = "v" *WSP "=" *WSP %x44.4d.41.52.43.31
bool is_dmarc_record(std::string_view text) {
  const auto version = trimmed(text.substr(0, text.find(';')));
  const auto equals = version.find('=');
  return equals != std::string_view::npos && trimmed(version.substr(0, equals)) == "v" && trimmed(version.substr(equals + 1)) == "DMARC1";
}

std::vector<ReportUri> parse_report_uris(std::string_view text) {
  std::vector<ReportUri> uris;
  for (const auto part : split(text, ',')) {
    if (uris.size() == most_report_uris) break;
    if (auto uri = parse_report_uri(part)) uris.push_back(*std::move(uri));
  }
  return uris;
}

std::optional<Record> parse_record(std::string_view text) {
  if (text.size() > most_record_octets || !is_dmarc_record(text)) return std::nullopt;
  Record record;
  bool has_policy = false, sound = true;
  for (const auto& tag : read_tags(text)) {
    sound = read_policy(tag, record, has_policy) && sound;
    read_other(tag, record);
  }
  if (has_policy && sound) return record;
  if (record.aggregate_uris.empty()) return std::nullopt;
  record.policy = Policy::None;
  record.subdomain_policy = record.missing_policy = std::nullopt;
  return record;
}

Policy policy_for(const Record& record, Place place) {
  const auto below = record.subdomain_policy.value_or(record.policy);
  switch (place) {
    case Place::Domain: return record.policy;
    case Place::Subdomain: return below;
    case Place::MissingSubdomain: return record.missing_policy.value_or(below);
  }
  return record.policy;
}

Policy one_step_milder(Policy policy) { return policy == Policy::Reject ? Policy::Quarantine : Policy::None; }

}  // namespace hikyaku::dmarc
