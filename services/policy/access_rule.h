// The rule that asks the access table: whom the operator lets in, puts off or keeps out. Nothing while it waits for answers.
//
// A refusal by any row decides. What is allowed for a client or a proved sender passes the rules about the client; for a recipient, all. A sender
// who is allowed counts only where SPF says that the client sends for it: a claimed name is no identity.
#pragma once

#include <optional>

#include "services/policy/answers.h"
#include "services/policy/attempt.h"

namespace hikyaku::policy {

[[nodiscard]] std::optional<Finding> find_access(const Attempt& attempt, const Config& config, Answers& answers);

}  // namespace hikyaku::policy
