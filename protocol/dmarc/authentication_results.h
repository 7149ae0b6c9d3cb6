// What the four engines found, in the words of Authentication-Results (RFC 8601 §2.7, RFC 8617 §10.1, RFC 6008): one result for each method, in
// the form that Postfix's usual filters write too. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/arc/chain.h"
#include "protocol/authres/authres.h"
#include "protocol/dmarc/evaluation.h"

namespace hikyaku::dmarc {

// "spf=pass smtp.mailfrom=a.example", or smtp.helo for the null reverse-path (§2.7.2).
[[nodiscard]] authres::MethodResult spf_result(const spf::Verdict& verdict, std::string_view mail_from, std::string_view helo);
// One for each signature; "dkim=none" when there is none. header.b= tells signatures of one domain apart, by as many letters as it takes (RFC 6008 §4).
[[nodiscard]] std::vector<authres::MethodResult> dkim_results(const std::vector<dkim::SignatureResult>& results);
// "dmarc=fail (p=reject dis=quarantine) header.from=a.example"
[[nodiscard]] authres::MethodResult dmarc_result(const Verdict& verdict, std::string_view author_domain);
// What becomes of mail whose From cannot be judged.
[[nodiscard]] authres::MethodResult dmarc_result(AuthorProblem problem);
// "arc=pass header.oldest-pass=0" (RFC 8617 §10.2), the property where it was looked for; "arc=fail reason=..."
[[nodiscard]] authres::MethodResult arc_result(const arc::Verdict& verdict);
enum class ReverseName : std::uint8_t { Pass, Fail, TempError, PermError };
// "iprev=pass policy.iprev=192.0.2.7" (§2.7.3)
[[nodiscard]] authres::MethodResult iprev_result(ReverseName outcome, std::string_view address);

}  // namespace hikyaku::dmarc
