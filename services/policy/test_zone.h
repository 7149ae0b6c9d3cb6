// A DNS zone for tests of rules: what is not in it does not exist; "!" is a server that fails. Rules are asked until they have all they want.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/policy/answers.h"

namespace hikyaku::policy::testing {

struct TestZone {
  std::map<Question, std::vector<std::string>> records;
  std::size_t rounds = 0;

  void put(RecordType type, const std::string& name, std::vector<std::string> values) { records[{type, name}] = std::move(values); }
  void fail(RecordType type, const std::string& name) { records[{type, name}] = {"!"}; }

  void answer(Answers& answers) {
    ++rounds;
    for (const auto& question : answers.take_wanted()) {
      const auto found = records.find(question);
      if (found == records.end()) answers.give(question, {Answer::Kind::Nothing, {}});
      else if (found->second == std::vector<std::string>{"!"}) answers.give(question, {Answer::Kind::Failure, {}});
      else answers.give(question, {Answer::Kind::Records, found->second});
    }
  }
  // ask(answers) returns an optional, or something with `complete`.
  template <class Ask>
  auto until_known(Ask ask) {
    Answers answers;
    for (;;) {
      auto found = ask(answers);
      if (found) return *found;
      answer(answers);
    }
  }
};

}  // namespace hikyaku::policy::testing
