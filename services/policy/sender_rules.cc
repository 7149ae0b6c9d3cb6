#include "services/policy/sender_rules.h"

#include <algorithm>
#include <charconv>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::policy {
namespace {

using Verdict = Finding::Verdict;

Finding unanswerable(const Config& config, const std::string& domain, const std::string& why) {
  const bool defer = config.sender_domain == Severity::Defer;
  // RFC 7505 §4.2, RFC 7372: the sender's address takes no mail
  return {.verdict = defer ? Verdict::Defer : Verdict::Refuse,
          .reply = {static_cast<std::uint16_t>(defer ? 450 : 550), {static_cast<std::uint16_t>(defer ? 4 : 5), 1, 8}, "No answer can reach " + domain + ": " + why},
          .evidence = domain + ": " + why};
}

Finding unknown(const std::string& domain) {
  return {.verdict = Verdict::Defer,
          .reply = {450, {4, 4, 3}, "The domain " + domain + " cannot be looked up just now"},
          .evidence = "DNS gave no answer about " + domain};
}

}  // namespace

std::optional<Finding> find_local_sender(const Attempt& attempt, const Config&, Answers&) {
  if (attempt.sender_is != SenderIs::Ours || attempt.reverse_path.is_null()) return Finding{};
  return Finding{.verdict = Verdict::Refuse,
                 .reply = {550, {5, 7, 1}, "Log in to send as " + attempt.reverse_path.text()},
                 .evidence = attempt.reverse_path.text() + " is an address of this server"};
}

std::optional<Finding> find_sender_domain(const Attempt& attempt, const Config& config, Answers& answers) {
  if (attempt.reverse_path.is_null() || attempt.sender_is == SenderIs::Ours) return Finding{};
  const auto& given = attempt.reverse_path.address.domain;
  if (given.starts_with('[')) return Finding{};
  const auto domain = dns::canonical_name(given);
  if (!domain) return unanswerable(config, given, "it is no domain name");
  const auto* exchanges = answers.ask(RecordType::Mx, *domain);
  const auto* v4 = answers.ask(RecordType::A, *domain);
  if (exchanges == nullptr) return std::nullopt;
  if (exchanges->kind == Answer::Kind::Failure) return unknown(*domain);
  if (exchanges->kind == Answer::Kind::Records) {
    const bool null_mx = exchanges->records.size() == 1 && exchanges->records[0].empty();
    return null_mx ? unanswerable(config, *domain, "it takes no mail (null MX)") : Finding{};
  }
  if (v4 == nullptr) return std::nullopt;
  if (v4->kind == Answer::Kind::Records) return Finding{};
  const auto* v6 = answers.ask(RecordType::Aaaa, *domain);
  if (v6 == nullptr) return std::nullopt;
  if (v6->kind == Answer::Kind::Records) return Finding{};
  if (v4->kind == Answer::Kind::Failure || v6->kind == Answer::Kind::Failure) return unknown(*domain);
  return unanswerable(config, *domain, "it has neither MX nor address");
}

bool vouches(const spf::Verdict& verdict) {
  constexpr int least_bits_v4 = 16, least_bits_v6 = 32;
  if (verdict.outcome != spf::Outcome::Pass) return false;
  std::string_view by = verdict.matched;
  if (by.starts_with('+')) by.remove_prefix(1);
  if (by.empty() || equal_ignoring_case(by, "all")) return false;
  // "a/8", "ip4:0.0.0.0/1", "mx//16", "a/24//64"
  for (auto slash = by.find('/'); slash != std::string_view::npos; slash = by.find('/', slash + 1)) {
    const bool v6 = by.substr(0, 4) == "ip6:" || by.substr(0, slash).ends_with('/');
    int bits = 0;
    const auto number = by.substr(slash + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error == std::errc{} && end != number.data() && bits < (v6 ? least_bits_v6 : least_bits_v4)) return false;
  }
  return true;
}

const std::string& spf_domain(const Attempt& attempt) { return attempt.reverse_path.is_null() ? attempt.helo : attempt.reverse_path.address.domain; }

std::optional<spf::Verdict> spf_verdict(const Attempt& attempt, Answers& answers) {
  if (const auto* kept = answers.spf_of(attempt.reverse_path.text(), attempt.helo)) return *kept;
  spf::Evaluation evaluation({.address = attempt.client.to_string(),
                              .mail_from = attempt.reverse_path.text(),
                              .helo = attempt.helo,
                              .receiver = attempt.our_name,
                              .unix_time = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(attempt.now.time_since_epoch()).count())});
  for (;;) {
    auto step = evaluation.next();
    if (auto* verdict = std::get_if<spf::Verdict>(&step)) {
      answers.keep_spf_of(attempt.reverse_path.text(), attempt.helo, *verdict);
      return std::move(*verdict);
    }
    const auto& question = std::get<spf::Question>(step);
    const auto* answer = answers.ask(question.type, question.name);
    if (answer == nullptr) return std::nullopt;
    evaluation.answer(question, *answer);
  }
}

std::optional<Finding> find_spf(const Attempt& attempt, const Config&, Answers& answers) {
  const auto verdict = spf_verdict(attempt, answers);
  if (!verdict) return std::nullopt;
  const auto& domain = spf_domain(attempt);
  if (verdict->outcome == spf::Outcome::TempError)
    return Finding{.verdict = Verdict::Defer,
                   .reply = {451, {4, 7, 24}, "SPF of " + domain + " cannot be looked up just now"},  // RFC 7372 §3.2
                   .evidence = "spf temperror for " + domain + ": " + verdict->problem};
  if (verdict->outcome != spf::Outcome::Fail) return Finding{};
  auto text = "By SPF of " + domain + " your address " + attempt.client.to_string() + " does not send for it";
  if (!verdict->explanation.empty()) text += ": " + verdict->explanation;
  return Finding{.verdict = Verdict::Refuse, .reply = {550, {5, 7, 23}, std::move(text)}, .evidence = "spf fail for " + domain + " (" + verdict->matched + ")"};
}

}  // namespace hikyaku::policy
