// Carries out what Answers want: the questions go to DNS, all at once.
#pragma once

#include <memory>

#include "base/task.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "services/policy/answers.h"

namespace hikyaku::policy {

// Returns when all have an answer; what DNS did not say by the deadline is a failure. `answers` must outlive the task; questions that are
// too late keep the resolver.
Task<void> look_up(io::Loop& loop, std::shared_ptr<io::Resolver> resolver, Answers& answers, Deadline deadline);

}  // namespace hikyaku::policy
