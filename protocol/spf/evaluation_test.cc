// Cases of our own, and the openspf suites where their files are (HIKYAKU_TESTDATA, or the shared folder beside the tree).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/cursor.h"
#include "protocol/spf/evaluation.h"
#include "protocol/spf/suite_reader.h"

namespace hikyaku::spf {
namespace {

using Zone = std::map<Question, Answer>;

Verdict run(Client client, const Zone& zone, std::size_t* asked = nullptr) {
  Evaluation evaluation(std::move(client));
  for (int n = 0; n < 500; ++n) {
    auto step = evaluation.next();
    if (auto* verdict = std::get_if<Verdict>(&step)) {
      if (asked != nullptr) *asked = evaluation.questions();
      return *verdict;
    }
    const auto& question = std::get<Question>(step);
    const auto found = zone.find(question);
    evaluation.answer(question, found == zone.end() ? Answer{} : found->second);
  }
  FAIL("it asks without end");
  return {};
}
Answer records(std::vector<std::string> all) { return {Answer::Kind::Records, std::move(all)}; }
Outcome outcome_of(const std::string& record, std::string address = "192.0.2.7") {
  return run({std::move(address), "u@a.example", "h.example", "", 0}, {{{RecordType::Txt, "a.example"}, records({record})}}).outcome;
}

TEST_CASE("records decide by address, and what is wrong in them is an error wherever it stands") {
  struct Row {
    const char* record;
    Outcome want;
  };
  for (const auto& row : {Row{"v=spf1 ip4:192.0.2.0/24 -all", Outcome::Pass}, Row{"v=spf1 -all", Outcome::Fail}, Row{"v=spf1 ~all", Outcome::SoftFail},
                          Row{"v=spf1", Outcome::Neutral}, Row{"v=spf10 -all", Outcome::None}, Row{"v=spf1 ip4:192.0.2.0/33 -all", Outcome::PermError},
                          Row{"v=spf1 ip4:192.0.2.0/024", Outcome::PermError}, Row{"v=spf1 ip4:192.0.2", Outcome::PermError}, Row{"v=spf1 -all ip5:x", Outcome::PermError},
                          Row{"v=spf1 all:x", Outcome::PermError}, Row{"v=spf1 include", Outcome::PermError}, Row{"v=spf1 a:", Outcome::PermError},
                          Row{"v=spf1 a:x.1", Outcome::PermError}, Row{"v=spf1 exists:%{x}.a.example", Outcome::PermError}, Row{"v=spf1 exists:%{d0}.a.example", Outcome::PermError},
                          Row{"v=spf1 exists:%{c}.a.example", Outcome::PermError}, Row{"v=spf1 exists:%{d.a.example", Outcome::PermError}, Row{"v=spf1 redirect=a.example redirect=b.example", Outcome::PermError},
                          Row{"v=spf1 ip6:2001:db8::/129", Outcome::PermError}, Row{"v=spf1\t-all", Outcome::None}, Row{"v=spf1 moo=%{abc", Outcome::PermError},
                          Row{"v=spf1 include:none.example -all", Outcome::PermError}, Row{"v=spf1 redirect=none.example", Outcome::PermError}})
    CHECK_MESSAGE(outcome_of(row.record) == row.want, row.record << ": " << outcome_name(outcome_of(row.record)));
  CHECK(outcome_of("v=spf1 ip4:192.0.2.0/24 -all", "::ffff:192.0.2.7") == Outcome::Pass);
  CHECK(outcome_of("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:1::7") == Outcome::Pass);
  CHECK(outcome_of("v=spf1 ip6:2001:db8::/32 -all", "not an address") == Outcome::PermError);
}

TEST_CASE("a record that leads to itself, or everywhere, ends within the bounds") {
  Zone loop{{{RecordType::Txt, "a.example"}, records({"v=spf1 include:a.example"})}};
  std::size_t asked = 0;
  CHECK(run({"192.0.2.7", "u@a.example", "h.example", "", 0}, loop, &asked).outcome == Outcome::PermError);
  CHECK(asked == 1);
  std::string many = "v=spf1";
  Zone wide;
  for (int n = 0; n < 10; ++n) {
    const std::string name = "m" + std::to_string(n) + ".example";
    many += " mx:" + name;
    std::vector<std::string> hosts;
    for (int host = 0; host < 10; ++host) {
      hosts.push_back("h" + std::to_string(host) + "." + name);
      wide[{RecordType::A, hosts.back()}] = records({"203.0.113.1"});
    }
    wide[{RecordType::Mx, name}] = records(hosts);
  }
  wide[{RecordType::Txt, "a.example"}] = records({many + " -all"});
  CHECK(run({"192.0.2.7", "u@a.example", "h.example", "", 0}, wide, &asked).outcome == Outcome::Fail);
  CHECK(asked == 111);
}

// ---- the suites

struct SuiteZone {
  const suite::Node& data;

  // The records of a name, in any case.
  [[nodiscard]] const suite::Node* find(const std::string& name) const {
    for (const auto& [key, node] : data.map)
      if (equal_ignoring_case(key, name)) return &node;
    return nullptr;
  }
  static bool has_own_txt(const suite::Node& name) {
    return std::ranges::any_of(name.list, [](const auto& one) { return one.find("TXT") != nullptr; });
  }
  static std::string joined(const suite::Node& value) {
    std::string out = value.text;
    for (const auto& part : value.list) out += part.text;
    return out;
  }
  [[nodiscard]] Answer answer(const Question& question, int depth = 0) const {
    const auto* name = find(question.name);
    Answer out;
    if (name == nullptr || depth > 8) return out;
    for (const auto& one : name->list) {
      if (one.text == "TIMEOUT") {  // of whatever the lines before it do not tell
        if (out.records.empty()) out.kind = Answer::Kind::Failure;
        continue;
      }
      if (one.map.empty()) continue;
      const auto& [type, value] = one.map.front();
      if (type == "CNAME") return answer({question.type, ascii_lower(value.text)}, depth + 1);
      const bool wanted = (type == "A" && question.type == RecordType::A) || (type == "AAAA" && question.type == RecordType::Aaaa) ||
                          (type == "PTR" && question.type == RecordType::Ptr) || (type == "MX" && question.type == RecordType::Mx) ||
                          (type == "TXT" && question.type == RecordType::Txt && value.text != "NONE") ||
                          (type == "SPF" && question.type == RecordType::Txt && !has_own_txt(*name));
      if (!wanted) continue;
      std::string text = type == "MX" ? value.list.at(1).text : joined(value);
      if (type != "SPF" && type != "TXT" && text.ends_with('.')) text.pop_back();
      out.kind = Answer::Kind::Records;
      out.records.push_back(text);
    }
    return out;
  }
};

bool passes(const suite::Node& test, const SuiteZone& zone, std::string& got) {
  Evaluation evaluation({test.value("host"), test.value("mailfrom"), test.value("helo"), "receiver.example", 1'700'000'000});
  for (int n = 0; n < 500; ++n) {
    auto step = evaluation.next();
    if (const auto* question = std::get_if<Question>(&step)) {
      evaluation.answer(*question, zone.answer(*question));
      continue;
    }
    const auto& verdict = std::get<Verdict>(step);
    got = std::string(outcome_name(verdict.outcome)) + " (" + verdict.problem + "), \"" + verdict.explanation + "\"";
    const auto* wanted = test.find("result");
    const bool right = wanted->text == outcome_name(verdict.outcome) ||
                       std::ranges::any_of(wanted->list, [&](const auto& one) { return one.text == outcome_name(verdict.outcome); });
    auto explanation = test.value("explanation");
    if (explanation == "DEFAULT") explanation = "";
    return right && (test.find("explanation") == nullptr || explanation == verdict.explanation);
  }
  got = "asks without end";
  return false;
}

std::string suite_folder() {
  const char* given = std::getenv("HIKYAKU_TESTDATA");
  for (const std::string& folder : {given != nullptr ? std::string(given) + "/spf" : std::string(), std::string("../shared/testdata/spf"), std::string("../../shared/testdata/spf")})
    if (!folder.empty() && std::filesystem::exists(folder + "/rfc7208-tests.yml")) return folder;
  return {};
}

TEST_CASE("the openspf suite of RFC 7208 passes whole") {
  const auto folder = suite_folder();
  if (folder.empty()) {
    MESSAGE("skipped: the suite is not here");
    return;
  }
  std::ifstream in(folder + "/rfc7208-tests.yml", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  suite::Reader reader(text);
  std::size_t count = 0, good = 0;
  for (suite::Node scenario; reader.next(scenario);) {
    const auto* tests = scenario.find("tests");
    const auto* data = scenario.find("zonedata");
    REQUIRE(tests != nullptr);
    REQUIRE(data != nullptr);
    for (const auto& [name, test] : tests->map) {
      std::string got;
      const bool right = passes(test, {*data}, got);
      CHECK_MESSAGE(right, name << ": " << test.value("mailfrom") << " from " << test.value("host") << " gave " << got);
      ++count, good += right;
    }
  }
  CHECK(count == 203);
  CHECK(good == count);
}

}  // namespace
}  // namespace hikyaku::spf
