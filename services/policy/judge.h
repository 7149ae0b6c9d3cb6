// judge(): the verdict on one recipient before the text comes, by every rule of the stages connect to rcpt, in their order. The first
// enforced rule that allows, defers or refuses decides; rules in shadow say what they would have done. Pure: asked again with more
// answers it judges anew.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "services/policy/answers.h"
#include "services/policy/attempt.h"
#include "services/policy/greylist.h"
#include "services/policy/rule.h"

namespace hikyaku::policy {

struct Judgement {
  std::vector<Finding> findings;  // of rules that found something, in order
  // Refuse or Defer: by `decided_by`; Nothing: the mail may come.
  Finding::Verdict verdict = Finding::Verdict::Nothing;
  std::optional<std::size_t> decided_by;  // place in findings; nothing: no rule objects
  bool allows_everything = false;       // the operator lets this recipient have all mail
  bool complete = false;                // false: answers are wanted first, and the rest says nothing
  std::chrono::seconds tarpit{};  // Defer by the greylist only: who waits so long for the reply is taken (GreylistMemory::stayed); zero: nobody is asked to
  // The greylist rule looked at it: the memory is to be told of this try (GreylistMemory::tried).
  std::optional<GreylistKey> greylist;
};

// Says what a try now would get; changes nothing (GreylistMemory::look, under its owner's lock).
using GreylistLook = std::function<GreylistMemory::Verdict(const GreylistKey&, WallTime)>;

[[nodiscard]] Judgement judge(const Attempt& attempt, const Config& config, const GreylistLook& look, Answers& answers);

}  // namespace hikyaku::policy
