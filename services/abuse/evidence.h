// What speaks for a stranger (Suspicion::because), for people who read Japanese. It is kept in English, in the directory and in logs.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::abuse {

// Each of its parts in Japanese; one that is no sentence of ours, such as an operator's reason, as it is. Pure.
[[nodiscard]] std::string evidence_in_japanese(std::string_view because);

}  // namespace hikyaku::abuse
