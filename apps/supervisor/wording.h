// Wording: how a refusal to start is told to whoever typed `hikyaku serve`: in their language. What stands in logs is English.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::apps {

using Wording = std::string (*)(std::string_view sentence);  // null: as it is
[[nodiscard]] inline std::string worded(Wording wording, std::string_view sentence) { return wording == nullptr ? std::string(sentence) : wording(sentence); }

}  // namespace hikyaku::apps
