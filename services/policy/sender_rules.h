// The rules that look at the sender's address. Each returns nothing while it waits for answers.
#pragma once

#include <optional>

#include "protocol/spf/evaluation.h"
#include "services/policy/answers.h"
#include "services/policy/attempt.h"

namespace hikyaku::policy {

[[nodiscard]] std::optional<Finding> find_local_sender(const Attempt& attempt, const Config& config, Answers& answers);
[[nodiscard]] std::optional<Finding> find_sender_domain(const Attempt& attempt, const Config& config, Answers& answers);
[[nodiscard]] std::optional<Finding> find_spf(const Attempt& attempt, const Config& config, Answers& answers);

// What SPF says of the attempt (RFC 7208).
[[nodiscard]] std::optional<spf::Verdict> spf_verdict(const Attempt& attempt, Answers& answers);
// Whether a pass says something of this client: one by "all", or by a network as wide as a part of the world, vouches for nobody.
[[nodiscard]] bool vouches(const spf::Verdict& verdict);
// The domain that SPF was asked for: of MAIL FROM, or of HELO for the null reverse-path.
[[nodiscard]] const std::string& spf_domain(const Attempt& attempt);

}  // namespace hikyaku::policy
