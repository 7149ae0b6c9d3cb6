#include "protocol/dmarc/authentication_results.h"

#include <doctest/doctest.h>

namespace hikyaku::dmarc {
namespace {

TEST_CASE("the words are those of RFC 8601, and can be read again") {
  std::vector<dkim::SignatureResult> signatures(3);
  signatures[0] = {dkim::Outcome::Pass, "", "a.example", "s1", "@a.example", "AAAAAAAAAAxyz", dkim::Algorithm::RsaSha256, 2048, false, 0};
  signatures[1] = {dkim::Outcome::Fail, "body hash did not verify", "a.example", "s2", "t@a.example", "AAAAAAAAAAuvw", dkim::Algorithm::Ed25519Sha256, 256, false, 0};
  signatures[2] = {dkim::Outcome::PermError, "syntax error", "", "", "", "", {}, 0, false, 0};
  Verdict verdict;
  verdict.outcome = Outcome::Fail, verdict.policy = Policy::Reject, verdict.disposition = Policy::Quarantine, verdict.record = Record{};
  spf::Verdict spf;
  spf.outcome = spf::Outcome::SoftFail;
  authres::AuthenticationResults all{"mx.example", {spf_result(spf, "a b@a.example", "h.example"), spf_result(spf, "", "h.example")}};
  for (auto& one : dkim_results(signatures)) all.results.push_back(std::move(one));
  all.results.push_back(dmarc_result(verdict, "a.example"));
  all.results.push_back(arc_result({arc::Status::Fail, "ARC-Seal 2: signature did not verify", false, 2, false, {}, {}}));
  CHECK(arc_result({arc::Status::Pass, "", false, 2, false, {}, 1}).properties.at(0).value == "1");
  all.results.push_back(iprev_result(ReverseName::Pass, "192.0.2.7"));
  all.results.push_back(dmarc_result(AuthorProblem::SeveralFrom));
  const auto text = authres::field_text(all);
  CHECK(text ==
        "Authentication-Results: mx.example;\r\n\tspf=softfail smtp.mailfrom=\"a b\"@a.example;\r\n\tspf=softfail smtp.helo=h.example;\r\n"
        "\tdkim=pass (2048-bit key) header.d=a.example header.i=@a.example header.s=s1 header.a=rsa-sha256 header.b=AAAAAAAAAAx;\r\n"
        "\tdkim=fail (256-bit key) reason=\"body hash did not verify\" header.d=a.example header.i=t@a.example header.s=s2 header.a=ed25519-sha256 header.b=AAAAAAAAAAu;\r\n"
        "\tdkim=permerror reason=\"syntax error\";\r\n\tdmarc=fail (p=reject dis=quarantine) header.from=a.example;\r\n\tarc=fail reason=\"ARC-Seal 2: signature did not verify\";\r\n"
        "\tiprev=pass policy.iprev=192.0.2.7;\r\n\tdmarc=permerror reason=\"there are several From fields\"\r\n");
  const auto read = authres::parse(std::string_view(text).substr(24, text.size() - 26));
  REQUIRE(read);
  CHECK(read->results.size() == all.results.size());
  CHECK(dkim_results({}).at(0).result == "none");
}

}  // namespace
}  // namespace hikyaku::dmarc
