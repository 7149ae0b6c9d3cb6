// The rules that look at who connects: lists of clients, its name, what it says in EHLO. Each returns nothing while it waits for answers.
#pragma once

#include <optional>

#include "services/policy/answers.h"
#include "services/policy/attempt.h"

namespace hikyaku::policy {

[[nodiscard]] std::optional<Finding> find_dnswl(const Attempt& attempt, const Config& config, Answers& answers);
[[nodiscard]] std::optional<Finding> find_dnsbl(const Attempt& attempt, const Config& config, Answers& answers);
[[nodiscard]] std::optional<Finding> find_reverse_name(const Attempt& attempt, const Config& config, Answers& answers);
[[nodiscard]] std::optional<Finding> find_s25r(const Attempt& attempt, const Config& config, Answers& answers);
[[nodiscard]] std::optional<Finding> find_hello_name(const Attempt& attempt, const Config& config, Answers& answers);

}  // namespace hikyaku::policy
