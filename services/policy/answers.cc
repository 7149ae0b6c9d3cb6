#include "services/policy/answers.h"

namespace hikyaku::policy {

const Answer* Answers::ask(RecordType type, std::string name) {
  static const Answer too_many{Answer::Kind::Failure, {}};
  Question question{type, std::move(name)};
  if (const auto known = known_.find(question); known != known_.end()) return &known->second;
  if (known_.size() + wanted_.size() >= most_questions && !wanted_.contains(question)) return &too_many;
  wanted_.insert(std::move(question));
  return nullptr;
}

}  // namespace hikyaku::policy
