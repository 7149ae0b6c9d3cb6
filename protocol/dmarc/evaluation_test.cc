#include "protocol/dmarc/evaluation.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace hikyaku::dmarc {
namespace {

using Zone = std::map<std::string, Answer>;
Answer txt(std::vector<std::string> records) { return {Answer::Kind::Records, std::move(records)}; }

Verdict run(const Facts& facts, const Zone& zone, Options options = {}, std::vector<std::string>* asked = nullptr) {
  Evaluation evaluation(facts, options);
  for (int n = 0; n < 200; ++n) {
    auto step = evaluation.next();
    if (auto* verdict = std::get_if<Verdict>(&step)) return *verdict;
    const auto& question = std::get<Question>(step);
    const auto name = (question.kind == QuestionKind::Exists ? "?" : "") + question.name;
    if (asked != nullptr) asked->push_back(name);
    const auto found = zone.find(name);
    evaluation.answer(question, found == zone.end() ? Answer{} : found->second);
  }
  FAIL("it asks without end");
  return {};
}

Facts facts(std::string author, std::string spf_domain, spf::Outcome spf, std::string dkim_domain = "", dkim::Outcome dkim = dkim::Outcome::Pass) {
  Facts all{std::move(author), {std::move(spf_domain), spf}, {}};
  if (!dkim_domain.empty()) all.dkim.push_back({std::move(dkim_domain), "s", dkim});
  return all;
}
const PublicSuffixList& suffixes() {
  static const auto list = PublicSuffixList::parse("example\nco.jp\njp\n");
  return list;
}
Options by_list(unsigned sample = 0) { return {BySuffixList{&suffixes()}, sample}; }

TEST_CASE("alignment, by the tree and by the list") {
  const Zone zone{{"_dmarc.a.example", txt({"v=DMARC1; p=reject"})}, {"_dmarc.strict.example", txt({"v=DMARC1; p=reject; adkim=s; aspf=s"})}, {"_dmarc.b.co.jp", txt({"v=DMARC1; p=quarantine"})}};
  struct Row {
    Facts facts;
    Outcome want;
    bool spf, dkim;
  };
  using S = spf::Outcome;
  using D = dkim::Outcome;
  for (const auto& row : {
           Row{facts("a.example", "a.example", S::Pass), Outcome::Pass, true, false},
           Row{facts("a.example", "bounce.a.example", S::Pass), Outcome::Pass, true, false},
           Row{facts("news.a.example", "a.example", S::Pass), Outcome::Pass, true, false},
           Row{facts("news.a.example", "x.bounce.A.example", S::Pass), Outcome::Pass, true, false},
           Row{facts("a.example", "a.example", S::Fail, "a.example"), Outcome::Pass, false, true},
           Row{facts("a.example", "mail.a.example", S::Pass, "a.example"), Outcome::Pass, true, true},
           Row{facts("a.example", "c.example", S::Pass, "sub.a.example"), Outcome::Pass, false, true},
           Row{facts("strict.example", "sub.strict.example", S::Pass, "strict.example"), Outcome::Pass, false, true},
           Row{facts("x.b.co.jp", "c.co.jp", S::Pass, "y.b.co.jp"), Outcome::Pass, false, true},
           Row{facts("a.example", "c.example", S::Pass), Outcome::Fail, false, false},
           Row{facts("a.example", "aa.example", S::Pass), Outcome::Fail, false, false},
           Row{facts("a.example", "example", S::Pass), Outcome::Fail, false, false},
           Row{facts("a.example", "a.example", S::SoftFail), Outcome::Fail, false, false},
           Row{facts("a.example", "a.example", S::Neutral, "a.example", D::Neutral), Outcome::Fail, false, false},
           Row{facts("a.example", "", S::None, "a.example", D::Policy), Outcome::Fail, false, false},
           Row{facts("a.example", "", S::None, "a.example.evil.example"), Outcome::Fail, false, false},
           Row{facts("strict.example", "sub.strict.example", S::Pass, "sub.strict.example"), Outcome::Fail, false, false},
           Row{facts("a.example", "a.example", S::TempError), Outcome::TempError, false, false},
           Row{facts("a.example", "", S::None, "a.example", D::TempError), Outcome::TempError, false, false},
           Row{facts("a.example", "other.example", S::TempError, "x.example", D::TempError), Outcome::Fail, false, false},
       })
    for (const auto& options : {Options{}, by_list()}) {
      const auto verdict = run(row.facts, zone, options);
      const auto what = row.facts.author_domain + " " + row.facts.spf.domain + ": " + std::string(outcome_name(verdict.outcome));
      CHECK_MESSAGE(verdict.outcome == row.want, what);
      CHECK_MESSAGE(verdict.spf_aligned == row.spf, what);
      CHECK_MESSAGE(verdict.dkim_aligned == row.dkim, what);
      CHECK_MESSAGE((verdict.disposition == Policy::None) == (row.want != Outcome::Fail), what);
    }
}

TEST_CASE("where the policy stands, and which of its policies counts") {
  const Zone zone{{"_dmarc.a.example", txt({"v=spf1 -all", "v=DMARC1; p=reject; sp=quarantine; np=none"})}, {"_dmarc.own.a.example", txt({"v=DMARC1; p=none"})}, {"?here.a.example", txt({})}};
  const auto of = [&](const std::string& author) { return run(facts(author, "", spf::Outcome::None), zone, by_list()); };
  CHECK(of("a.example").policy == Policy::Reject);
  CHECK(of("here.a.example").policy == Policy::Quarantine);
  CHECK(of("here.a.example").policy_domain == "a.example");
  CHECK(of("nowhere.a.example").policy == Policy::None);
  CHECK(of("own.a.example").policy == Policy::None);
  CHECK(of("own.a.example").policy_domain == "own.a.example");
  CHECK(of("b.example").outcome == Outcome::None);
  CHECK_FALSE(of("b.example").record);
  // An empty answer is an existing name only if it is Records.
  CHECK(run(facts("x.a.example", "", spf::Outcome::None), zone).policy == Policy::None);
}

TEST_CASE("the walk up the tree (RFC 9989 §4.10)") {
  std::vector<std::string> asked;
  run(facts("a.b.c.d.e.f.g.h.i.example", "", spf::Outcome::None), {}, {}, &asked);
  CHECK(asked == std::vector<std::string>{"_dmarc.a.b.c.d.e.f.g.h.i.example", "_dmarc.d.e.f.g.h.i.example", "_dmarc.e.f.g.h.i.example", "_dmarc.f.g.h.i.example", "_dmarc.g.h.i.example", "_dmarc.h.i.example", "_dmarc.i.example", "_dmarc.example"});
  const Zone zone{{"_dmarc.bank", txt({"v=DMARC1; p=reject; psd=y; np=reject"})},        {"_dmarc.giant.example", txt({"v=DMARC1; p=none"})},
                  {"_dmarc.dept.giant.example", txt({"v=DMARC1; p=quarantine; psd=n"})}, {"_dmarc.two.example", txt({"v=DMARC1; p=reject", "v=DMARC1; p=none"})},
                  {"_dmarc.x.two.example", txt({"v=DMARC1; p=reject"})},                 {"_dmarc.broken.example", {Answer::Kind::Failure, {}}}};
  const auto suffix = run(facts("mail.first.bank", "first.bank", spf::Outcome::Pass), zone);
  CHECK(suffix.organizational_domain == "first.bank");
  CHECK(suffix.policy_domain == "bank");
  CHECK(suffix.outcome == Outcome::Pass);
  CHECK(run(facts("first.bank", "second.bank", spf::Outcome::Pass), zone).outcome == Outcome::Fail);
  CHECK(run(facts("first.bank", "bank", spf::Outcome::Pass), zone).outcome == Outcome::Fail);
  CHECK(run(facts("mail.dept.giant.example", "giant.example", spf::Outcome::Pass), zone).outcome == Outcome::Fail);
  CHECK(run(facts("mail.dept.giant.example", "x.dept.giant.example", spf::Outcome::Pass), zone).outcome == Outcome::Pass);
  CHECK(run(facts("mail.giant.example", "dept.giant.example", spf::Outcome::Pass), zone).outcome == Outcome::Fail);
  CHECK(run(facts("two.example", "", spf::Outcome::None), zone).outcome == Outcome::None);
  CHECK(run(facts("two.example", "", spf::Outcome::None), zone, by_list()).problem == "_dmarc.two.example has several policies");
  CHECK(run(facts("a.broken.example", "", spf::Outcome::None), zone).outcome == Outcome::TempError);
  CHECK(run(facts("a.broken.example", "", spf::Outcome::None), zone, by_list()).outcome == Outcome::TempError);
}

TEST_CASE("most mail costs one question") {
  const Zone zone{{"_dmarc.a.example", txt({"v=DMARC1; p=reject"})}};
  const auto questions = [&](const Facts& all) {
    std::vector<std::string> asked;
    CHECK(run(all, zone, {}, &asked).outcome == Outcome::Pass);
    return asked.size();
  };
  CHECK(questions(facts("a.example", "a.example", spf::Outcome::Pass, "a.example")) == 1);
  CHECK(questions(facts("a.example", "esp.test", spf::Outcome::Pass, "a.example")) == 1);
  CHECK(questions(facts("a.example", "", spf::Outcome::None, "a.example")) == 1);
  CHECK(questions(facts("a.example", "bounce.a.example", spf::Outcome::Pass, "a.example")) == 3);
  // Hostile: many signatures, each of a name far below.
  Facts many = facts("x.a.example", "", spf::Outcome::None);
  for (int n = 0; n < 100; ++n) many.dkim.push_back({"s" + std::to_string(n) + ".1.2.3.4.5.6.7.8.9.b.a.example", "s", dkim::Outcome::Pass});
  Zone hostile = zone;
  hostile["_dmarc.b.a.example"] = txt({"v=DMARC1; p=none; psd=n"});
  std::vector<std::string> asked;
  CHECK(run(many, hostile, {}, &asked).outcome == Outcome::Fail);
  CHECK(asked.size() <= 3 + 16 + 8);
}

TEST_CASE("what is asked for, and what makes it milder") {
  const auto of = [&](const char* record, unsigned sample = 0) { return run(facts("a.example", "", spf::Outcome::None), {{"_dmarc.a.example", txt({record})}}, {TreeWalk{}, sample}); };
  struct Row {
    const char* record;
    unsigned sample;
    Policy want;
    Override milder;
  };
  for (const auto& row : {Row{"v=DMARC1; p=reject", 99, Policy::Reject, Override::None}, Row{"v=DMARC1; p=reject; pct=50", 49, Policy::Reject, Override::None}, Row{"v=DMARC1; p=reject; pct=50", 50, Policy::Quarantine, Override::SampledOut},
                          Row{"v=DMARC1; p=quarantine; pct=0", 0, Policy::None, Override::SampledOut}, Row{"v=DMARC1; p=reject; t=y", 0, Policy::Quarantine, Override::TestMode}, Row{"v=DMARC1; p=quarantine; t=y", 0, Policy::None, Override::TestMode},
                          Row{"v=DMARC1; p=none; t=y; pct=0", 0, Policy::None, Override::None}}) {
    const auto verdict = of(row.record, row.sample);
    CHECK(verdict.outcome == Outcome::Fail);
    CHECK_MESSAGE(verdict.disposition == row.want, row.record);
    CHECK_MESSAGE(verdict.milder == row.milder, row.record);
  }
}

TEST_CASE("whose mail it says it is") {
  const auto of = [](std::string_view header) {
    const auto domain = author_domain(dkim::FieldIndex(header));
    return domain ? *domain : "! " + std::string(problem_text(domain.error()));
  };
  CHECK(of("From: Taro <taro@A.Example>\r\n") == "a.example");
  CHECK(of("From: taro@a.example, hanako@a.example\r\n") == "a.example");
  CHECK(of("From: \"taro@b.example\" <taro@a.example>\r\n") == "a.example");
  CHECK(of("From: taro@\xe6\x97\xa5\xe6\x9c\xac.example\r\n") == "xn--wgv71a.example");
  CHECK(of("To: a@a.example\r\n") == "! there is no From field");
  CHECK(of("From: a@a.example\r\nfrom : b@b.example\r\n") == "! there are several From fields");
  CHECK(of("From: a@a.example, b@b.example\r\n") == "! From names several domains");
  for (const char* bad : {"From:\r\n", "From: taro\r\n", "From: <>\r\n", "From: undisclosed:;\r\n", "From: a@[192.0.2.1]\r\n", "From: a@b..example\r\n"}) CHECK_MESSAGE(of(bad) == "! From names no domain", bad);
}

}  // namespace
}  // namespace hikyaku::dmarc
