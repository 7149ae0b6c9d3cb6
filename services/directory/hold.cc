#include "services/directory/hold.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/directory/route_table.h"

namespace hikyaku::directory {
namespace {

constexpr std::size_t longest_reply_words = 400;
constexpr std::string_view chosen_prefix = "hold:";

// "*.a.example" covers a.example itself, as it does in every table of patterns here that speaks of whole domains.
bool domain_matches(std::string_view pattern, std::string_view domain) {
  if (domain.empty()) return false;
  if (matches_pattern(pattern, domain)) return true;
  return pattern.starts_with("*.") && equal_ignoring_case(pattern.substr(2), domain);
}

// "gw.example:25" -> "gw.example"; literals of IPv6 keep their colons, since a port always follows.
std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == host.size()) return host;
  return std::ranges::all_of(host.substr(colon + 1), is_digit) ? host.substr(0, colon) : host;
}

bool is_routed(std::string_view destination) { return destination.starts_with("host:"); }

// The hosts a key names: "host:gw1:25 gw2:25;tls=required", "mx:mx1.a.example,mx2.a.example".
template <class Test>
bool any_host(std::string_view destination, const Test& test) {
  auto rest = destination.substr(std::min(destination.size(), destination.find(':') + 1));
  rest = rest.substr(0, rest.find(';'));
  while (!rest.empty()) {
    const auto end = std::min(rest.size(), rest.find_first_of(" ,"));
    if (const auto host = rest.substr(0, end); !host.empty() && test(host)) return true;
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return false;
}

bool host_matches(std::string_view pattern, std::string_view destination) {
  const bool routed = is_routed(destination);
  return any_host(destination, [&](std::string_view host) { return domain_matches(pattern, routed ? without_port(host) : host); });
}

bool route_host_matches(std::string_view pattern, std::string_view destination) {
  return is_routed(destination) && any_host(destination, [&](std::string_view host) {
    return matches_pattern(pattern, host) || domain_matches(pattern, without_port(host));
  });
}

bool sender_matches(std::string_view pattern, std::string_view sender) {
  if (pattern == "<>" || sender.empty()) return pattern == "<>" && sender.empty();
  if (pattern.find('@') != std::string_view::npos) return matches_pattern(pattern, sender);
  const auto at = sender.rfind('@');
  return at != std::string_view::npos && domain_matches(pattern, sender.substr(at + 1));
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_one_line(std::string_view text) {
  return text.size() <= longest_hold_text && std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

}  // namespace

HoldStage Hold::stage(WallTime now) const {
  if (now >= end) return HoldStage::Ended;
  return now < start ? HoldStage::Planned : HoldStage::Running;
}

std::string chosen_key(std::uint64_t hold) { return std::string(chosen_prefix) + std::to_string(hold); }
bool is_chosen_key(std::string_view destination) { return destination.starts_with(chosen_prefix); }

bool selects(const Hold& hold, const HoldFacts& facts) {
  switch (hold.scope) {
    case HoldScope::Destination: return domain_matches(hold.pattern, facts.domain) || host_matches(hold.pattern, facts.destination);
    case HoldScope::Route: return route_host_matches(hold.pattern, facts.destination);
    case HoldScope::Sender: return sender_matches(hold.pattern, facts.sender);
    case HoldScope::Account:
      return equal_ignoring_case(hold.pattern, facts.sent_by) || equal_ignoring_case(hold.pattern, facts.mailbox_of);
    case HoldScope::All: return true;
    case HoldScope::Chosen: return facts.destination == chosen_key(hold.id);
    case HoldScope::SentBy: return equal_ignoring_case(hold.pattern, facts.sent_by);
  }
  return false;
}

bool selects_all_of(const Hold& hold, std::string_view destination) {
  switch (hold.scope) {
    case HoldScope::Destination: return host_matches(hold.pattern, destination);
    case HoldScope::Route: return route_host_matches(hold.pattern, destination);
    case HoldScope::All: return true;
    case HoldScope::Chosen: return destination == chosen_key(hold.id);
    case HoldScope::Sender:
    case HoldScope::SentBy:
    case HoldScope::Account: return false;
  }
  return false;
}

bool holds_back(const Hold& hold, std::string_view domain, std::string_view destination) {
  if (hold.scope == HoldScope::Sender || hold.scope == HoldScope::Account || hold.scope == HoldScope::SentBy) return false;
  return selects(hold, {.domain = domain, .destination = destination, .sender = {}, .sent_by = {}, .mailbox_of = {}});
}

const Hold* find_hold(const std::vector<Hold>& holds, const HoldFacts& facts, WallTime now) {
  const Hold* elsewhere = nullptr;
  for (const auto& hold : holds) {
    if (!hold.runs(now) || !selects(hold, facts)) continue;
    if (hold.action != HoldAction::OtherRoute) return &hold;
    if (elsewhere == nullptr) elsewhere = &hold;
  }
  return elsewhere;
}

std::vector<HoldTime> hold_times(const std::vector<Hold>& holds, const HoldFacts& facts, WallTime from, WallTime until) {
  std::vector<HoldTime> times;
  for (const auto& hold : holds) {
    const HoldTime cut{std::max(from, hold.start), std::min(until, hold.end)};
    if (cut.from < cut.until && selects(hold, facts)) times.push_back(cut);
  }
  return times;
}

Result<std::string, std::string> normal_hold_pattern(HoldScope scope, std::string_view pattern) {
  const auto cannot = [&](std::string_view remedy) {
    return failure("\"" + std::string(pattern) + "\" selects no mail; write " + std::string(remedy) + ".");
  };
  if (scope == HoldScope::All) return pattern.empty() ? Result<std::string, std::string>{std::string{}} : cannot("--all alone");
  if (scope == HoldScope::Chosen) return is_one_line(pattern) ? Result<std::string, std::string>{std::string(pattern)} : cannot("one line of at most 500 octets");
  if (pattern.empty() || pattern.find_first_of(" ,;|\t") != std::string_view::npos || !is_one_line(pattern)) return cannot("one domain, host or address");
  if (scope == HoldScope::Sender && pattern == "<>") return std::string(pattern);
  auto folded = fold_pattern(pattern);
  std::string plain = folded;  // a star stands for letters
  std::ranges::replace(plain, '*', 'x');
  const bool has_at = folded.find('@') != std::string::npos;
  switch (scope) {
    case HoldScope::Account:
    case HoldScope::SentBy:
      if (!parse_address(folded) || folded.find('*') != std::string::npos) return cannot("the account's address");
      break;
    case HoldScope::Sender:
      if (has_at ? !parse_address(plain) : !is_domain(plain)) return cannot("user@domain, domain, *.domain or <>");
      break;
    case HoldScope::Destination:
    case HoldScope::Route:
      if (has_at || !is_domain(scope == HoldScope::Route ? std::string(without_port(plain)) : plain)) return cannot("a domain, *.domain or a host");
      break;
    case HoldScope::All:
    case HoldScope::Chosen: break;
  }
  return folded;
}

std::string why_no_hold(const Hold& hold) {
  if (auto pattern = normal_hold_pattern(hold.scope, hold.pattern); !pattern) return pattern.error();
  if (hold.reason.empty()) return "A hold needs a reason, for whoever looks at the queue later; give --reason.";
  if (!is_one_line(hold.reason) || !is_one_line(hold.owner)) return "Reason and owner are one line of at most 500 octets each; shorten them.";
  if (hold.start >= hold.end) return "The hold would end before it starts; give a later --end.";
  if (hold.scope == HoldScope::Chosen && hold.action != HoldAction::Keep) return "No new mail comes under a hold of chosen mail; leave --action away.";
  if (hold.action == HoldAction::OtherRoute) {
    const auto host = without_port(hold.other_route);
    if (hold.other_route.empty() || host == hold.other_route || !is_domain(host)) return "Another route needs its host and port; give --other-route gw2.example.jp:25.";
  }
  // Senders are known only with the message.
  if (hold.action == HoldAction::OtherRoute && (hold.scope == HoldScope::Account || hold.scope == HoldScope::SentBy)) return "Mail of an account cannot take another route; keep or refuse it.";
  return {};
}

std::string_view scope_name(HoldScope scope) {
  switch (scope) {
    case HoldScope::Destination: return "destination";
    case HoldScope::Route: return "route";
    case HoldScope::Sender: return "sender";
    case HoldScope::Account: return "account";
    case HoldScope::All: return "all";
    case HoldScope::Chosen: return "chosen";
    case HoldScope::SentBy: return "sent-by";
  }
  return "";
}

std::string_view action_name(HoldAction action) {
  switch (action) {
    case HoldAction::Keep: return "keep";
    case HoldAction::OtherRoute: return "other-route";
    case HoldAction::Refuse: return "refuse";
  }
  return "";
}

std::optional<HoldAction> parse_action(std::string_view name) {
  for (const auto action : {HoldAction::Keep, HoldAction::OtherRoute, HoldAction::Refuse})
    if (action_name(action) == name) return action;
  return std::nullopt;
}

std::string_view stage_name(HoldStage stage) {
  switch (stage) {
    case HoldStage::Planned: return "planned";
    case HoldStage::Running: return "running";
    case HoldStage::Ended: return "ended";
  }
  return "";
}

std::string reply_words(const Hold& hold) {
  const bool ours = hold.reason.empty() || !is_printable(hold.reason) || hold.reason.size() > longest_reply_words;
  return ours ? "Mail for this recipient is held for maintenance, try again later" : hold.reason;
}

}  // namespace hikyaku::directory
