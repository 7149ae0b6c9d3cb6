#include "protocol/dmarc/authentication_results.h"

#include <algorithm>
#include <array>

namespace hikyaku::dmarc {
namespace {

constexpr std::size_t least_signature_letters = 8;  // RFC 6008 §4

// The shortest beginning of a signature that none of the others has.
std::string told_apart(const std::vector<dkim::SignatureResult>& results, std::size_t which) {
  const std::string_view own = results[which].signature;
  std::size_t letters = least_signature_letters;
  for (std::size_t n = 0; n < results.size(); ++n) {
    if (n == which || results[n].signature == own) continue;
    const auto same = std::ranges::mismatch(own, results[n].signature).in1 - own.begin();
    letters = std::max(letters, static_cast<std::size_t>(same) + 1);
  }
  return std::string(own.substr(0, letters));
}

}  // namespace

authres::MethodResult spf_result(const spf::Verdict& verdict, std::string_view mail_from, std::string_view helo) {
  authres::MethodResult result{"spf", std::string(spf::outcome_name(verdict.outcome)), "", verdict.problem, {}};
  if (mail_from.empty()) result.properties.push_back({"smtp", "helo", std::string(helo)});
  else result.properties.push_back({"smtp", "mailfrom", std::string(mail_from)});
  return result;
}

std::vector<authres::MethodResult> dkim_results(const std::vector<dkim::SignatureResult>& results) {
  if (results.empty()) return {{"dkim", "none", "", "", {}}};
  std::vector<authres::MethodResult> all;
  for (std::size_t n = 0; n < results.size(); ++n) {
    const auto& one = results[n];
    authres::MethodResult result{"dkim", std::string(dkim::outcome_name(one.outcome)), "", one.reason, {}};
    if (one.key_bits > 0) result.comment = std::to_string(one.key_bits) + "-bit key";
    if (!one.domain.empty()) result.properties.push_back({"header", "d", one.domain});
    if (!one.identity.empty()) result.properties.push_back({"header", "i", one.identity});
    if (!one.selector.empty()) result.properties.push_back({"header", "s", one.selector});
    if (one.algorithm) result.properties.push_back({"header", "a", std::string(dkim::algorithm_name(*one.algorithm))});
    if (!one.signature.empty()) result.properties.push_back({"header", "b", told_apart(results, n)});
    all.push_back(std::move(result));
  }
  return all;
}

authres::MethodResult dmarc_result(const Verdict& verdict, std::string_view author_domain) {
  authres::MethodResult result{"dmarc", std::string(outcome_name(verdict.outcome)), "", verdict.problem, {}};
  if (verdict.record) result.comment = "p=" + std::string(policy_name(verdict.policy)) + " dis=" + std::string(policy_name(verdict.disposition));
  result.properties.push_back({"header", "from", std::string(author_domain)});
  return result;
}

authres::MethodResult dmarc_result(AuthorProblem problem) { return {"dmarc", "permerror", "", std::string(problem_text(problem)), {}}; }

authres::MethodResult arc_result(const arc::Verdict& verdict) {
  authres::MethodResult result{"arc", std::string(arc::status_name(verdict.status)), "", verdict.reason, {}};
  if (verdict.oldest_pass) result.properties.push_back({"header", "oldest-pass", std::to_string(*verdict.oldest_pass)});
  return result;
}

authres::MethodResult iprev_result(ReverseName outcome, std::string_view address) {
  constexpr std::array<std::string_view, 4> names{"pass", "fail", "temperror", "permerror"};
  return {"iprev", std::string(names[static_cast<std::size_t>(outcome)]), "", "", {{"policy", "iprev", std::string(address)}}};
}

}  // namespace hikyaku::dmarc
