#include "services/policy/judge.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"
#include "services/policy/access_rule.h"
#include "services/policy/client_rules.h"
#include "services/policy/sender_rules.h"

namespace hikyaku::policy {
namespace {

using Verdict = Finding::Verdict;
using Find = std::optional<Finding> (*)(const Attempt&, const Config&, Answers&);

// By RuleId; the greylist looks at what the others found, rates count before any rule is asked (rate.h), policy servers are asked when all these let pass,
// and the rules about the text are not of this stage.
constexpr std::array<Find, rule_count> finders{find_access,       find_dnswl,        find_dnsbl,         find_reverse_name, find_s25r, find_hello_name,
                                               nullptr,           find_local_sender, find_sender_domain, find_spf,          nullptr,   nullptr,
                                               nullptr,           nullptr,           nullptr,            nullptr,
                                               nullptr};

bool is_about_client(RuleId id) {
  const auto stage = entry_of(id).stage;
  return stage == Stage::Connect || stage == Stage::Hello || stage == Stage::Recipient;
}

// With greylisting for suspects, what these would put off for ever may come again.
bool makes_suspect(const Finding& finding, const Config& config) {
  return (finding.rule == RuleId::ReverseName || finding.rule == RuleId::S25r) && finding.verdict == Verdict::Defer &&
         config.mode(RuleId::Greylist) == Mode::Enforce && config.greylist != GreylistScope::Nobody;
}

// Farms of senders retry from other addresses: the domain that vouches for them stands for all.
std::optional<GreylistKey> greylist_key(const Attempt& attempt, Answers& answers) {
  const auto spf = spf_verdict(attempt, answers);
  if (!spf) return std::nullopt;
  const auto domain = dns::canonical_name(spf_domain(attempt));
  const bool vouched = vouches(*spf) && domain;
  return GreylistKey{vouched ? "spf:" + *domain : network_of(attempt.client), ascii_lower(attempt.reverse_path.text()), ascii_lower(attempt.recipient.text())};
}

Finding find_greylist(const GreylistKey& key, const GreylistMemory::Verdict& found, WallTime now) {
  using Kind = GreylistMemory::Verdict::Kind;
  if (found.kind == Kind::KnownSource) return {.evidence = key.source + " is known: " + std::to_string(found.known.mails) + " mails came from it"};
  if (found.kind == Kind::Passes) return {.evidence = "came again after " + std::to_string((now - found.waiting.first) / 1s) + " s, at try " + std::to_string(found.waiting.tries + 1)};
  const auto left = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(found.passes_at - now).count());
  const std::string which = found.kind == Kind::New ? "first try" : "try " + std::to_string(found.waiting.tries + 1);
  return {.verdict = Verdict::Defer,
          .reply = {450, {4, 7, 1}, "Greylisted, please try again in " + std::to_string(left) + " seconds"},
          .evidence = which + " of " + key.source + ", " + std::to_string(left) + " s too early"};
}

class Judge {
 public:
  Judge(const Attempt& attempt, const Config& config, const GreylistLook& look, Answers& answers)
      : attempt_(attempt), config_(config), look_(look), answers_(answers) {}

  Judgement run() {
    for (const auto& rule : rules()) {
      const auto mode = config_.mode(rule.id);
      const auto find = finders[static_cast<std::size_t>(rule.id)];
      if (mode == Mode::Off || find == nullptr || passes(rule.id)) continue;
      auto found = find(attempt_, config_, answers_);
      if (!found) waits_ = true;
      // A later rule need not be asked when an earlier one decides; one that decides waits for the earlier ones' answers.
      else if (note(rule.id, mode, *std::move(found))) return finish();
    }
    greylist();
    return finish();
  }

 private:
  // An enforced rule before it has let this one past it.
  [[nodiscard]] bool passes(RuleId id) const { return all_allowed_ || (client_allowed_ && is_about_client(id)); }
  // True: it decides.
  bool note(RuleId id, Mode mode, Finding finding) {
    finding.rule = id;
    finding.mode = mode;
    if (finding.unsure && mode == Mode::Enforce) unsure_ = true;
    if (finding.verdict == Verdict::Nothing) return false;
    const bool suspect = makes_suspect(finding, config_);
    const auto verdict = finding.verdict;
    judgement_.findings.push_back(std::move(finding));
    if (mode != Mode::Enforce) return false;
    if (suspect) suspect_ = true;
    if (verdict == Verdict::Allow) (judgement_.findings.back().allows == Allows::Everything ? all_allowed_ : client_allowed_) = true;
    if (suspect || verdict == Verdict::Allow) return false;
    judgement_.verdict = verdict;
    judgement_.decided_by = judgement_.findings.size() - 1;
    return true;
  }

  void greylist() {
    const auto mode = config_.mode(RuleId::Greylist);
    if (mode == Mode::Off || config_.greylist == GreylistScope::Nobody || passes(RuleId::Greylist)) return;
    if (config_.greylist == GreylistScope::Suspects && !suspect_) return;
    judgement_.greylist = greylist_key(attempt_, answers_);
    if (!judgement_.greylist) return void(waits_ = true);
    auto finding = find_greylist(*judgement_.greylist, look_(*judgement_.greylist, attempt_.now), attempt_.now);
    finding.rule = RuleId::Greylist;
    finding.mode = mode;
    judgement_.findings.push_back(finding);
    if (mode != Mode::Enforce || finding.verdict == Verdict::Nothing) return;
    judgement_.verdict = finding.verdict;
    judgement_.decided_by = judgement_.findings.size() - 1;
    judgement_.tarpit = config_.tarpit;
  }

  Judgement finish() {
    judgement_.complete = !waits_;
    judgement_.allows_everything = all_allowed_;
    if (!judgement_.decided_by) return std::move(judgement_);
    auto& reply = judgement_.findings[*judgement_.decided_by].reply;
    // Whoever may be allowed is refused for good by nobody: our DNS is our own trouble.
    if (unsure_ && judgement_.verdict == Verdict::Refuse) {
      judgement_.verdict = Verdict::Defer;
      reply = {451, {4, 4, 3}, "Whether this is allowed cannot be looked up just now, try again later"};
    }
    if (config_.name_rules) reply.text += " [" + std::string(entry_of(judgement_.findings[*judgement_.decided_by].rule).name) + "]";
    return std::move(judgement_);
  }

  const Attempt& attempt_;
  const Config& config_;
  const GreylistLook& look_;
  Answers& answers_;
  Judgement judgement_;
  bool waits_ = false, client_allowed_ = false, all_allowed_ = false, suspect_ = false, unsure_ = false;
};

}  // namespace

Judgement judge(const Attempt& attempt, const Config& config, const GreylistLook& look, Answers& answers) {
  return Judge(attempt, config, look, answers).run();
}

}  // namespace hikyaku::policy
