#include "services/policy/client_rules.h"

#include "base/cursor.h"
#include "services/policy/client_name.h"
#include "services/policy/s25r.h"

namespace hikyaku::policy {
namespace {

using Verdict = Finding::Verdict;

// The first list of several that has the client; all are asked at once. A list that fails has nobody.
struct FirstListing {
  bool waits = false, failed = false;
  const DnsList* by = nullptr;
  std::string answer;
};
FirstListing first_listing(const std::vector<DnsList>& lists, const io::IpAddress& client, Answers& answers) {
  FirstListing first;
  for (const auto& list : lists) {
    const auto listing = look_up(list, client, answers);
    if (!listing) first.waits = true;
    else if (listing->kind == Listing::Kind::Failure) first.failed = true;
    else if (first.by == nullptr && listing->kind == Listing::Kind::Listed) first.by = &list, first.answer = listing->answer;
  }
  return first;
}

}  // namespace

std::optional<Finding> find_dnswl(const Attempt& attempt, const Config& config, Answers& answers) {
  const auto first = first_listing(config.dnswl, attempt.client, answers);
  if (first.by != nullptr) return Finding{.verdict = Verdict::Allow, .evidence = "listed by " + first.by->zone + " (" + first.answer + ")"};
  if (first.waits) return std::nullopt;
  return Finding{.unsure = first.failed};
}

std::optional<Finding> find_dnsbl(const Attempt& attempt, const Config& config, Answers& answers) {
  const auto first = first_listing(config.dnsbl, attempt.client, answers);
  if (first.by != nullptr)
    return Finding{.verdict = Verdict::Refuse,
                   .reply = {554, {5, 7, 1}, "Your address " + attempt.client.to_string() + " is listed by " + first.by->zone},
                   .evidence = "listed by " + first.by->zone + " (" + first.answer + ")"};
  if (first.waits) return std::nullopt;
  return Finding{};
}

std::optional<Finding> find_reverse_name(const Attempt& attempt, const Config& config, Answers& answers) {
  const auto name = client_name(attempt.client, answers);
  if (!name) return std::nullopt;
  using Proof = ClientName::Proof;
  const auto address = attempt.client.to_string();
  switch (name->proof) {
    case Proof::Confirmed: return Finding{};
    case Proof::Failure:
      return Finding{.verdict = Verdict::Defer,
                     .reply = {450, {4, 7, 25}, "The name of your address " + address + " cannot be looked up just now"},  // RFC 7372 §3.3
                     .evidence = "DNS gave no answer about the name of " + address};
    case Proof::NoName:
    case Proof::Mismatch: break;
  }
  const std::string why = name->proof == Proof::NoName ? "has no name" : "is named " + name->claimed + ", which does not lead back to it";
  const auto severity = config.reverse_name;
  return Finding{.verdict = severity == Severity::Defer ? Verdict::Defer : Verdict::Refuse,
                 .reply = {static_cast<std::uint16_t>(severity == Severity::Defer ? 450 : 550),
                           {static_cast<std::uint16_t>(severity == Severity::Defer ? 4 : 5), 7, 25}, "Your address " + address + " " + why},
                 .evidence = address + " " + why};
}

std::optional<Finding> find_s25r(const Attempt& attempt, const Config& config, Answers& answers) {
  const auto name = client_name(attempt.client, answers);
  if (!name) return std::nullopt;
  if (name->proof == ClientName::Proof::Failure) return Finding{};  // reverse_name's to say
  const auto rule = s25r_rule(name->text());
  if (!rule) return Finding{};
  return Finding{.verdict = Verdict::Defer,
                 .reply = {450, {4, 7, 1}, *rule == 0 ? config.s25r_nameless_reply : config.s25r_reply},
                 .evidence = "s25r rule " + std::to_string(*rule) + ": " + name->text()};
}

std::optional<Finding> find_hello_name(const Attempt& attempt, const Config&, Answers&) {
  const bool is_us = equal_ignoring_case(attempt.helo, attempt.our_name);
  if (!is_us) return Finding{};
  return Finding{.verdict = Verdict::Refuse, .reply = {550, {5, 7, 1}, "You are not " + attempt.our_name}, .evidence = "EHLO " + attempt.helo};
}

}  // namespace hikyaku::policy
