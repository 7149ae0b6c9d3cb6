// The head of a quarantined message as octets. Pure; what does not decode is nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/quarantine/store.h"

namespace hikyaku::quarantine {

[[nodiscard]] std::string encode(const Entry& entry);
[[nodiscard]] std::optional<Entry> decode_entry(std::string_view head);

}  // namespace hikyaku::quarantine
