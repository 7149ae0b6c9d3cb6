// What may be a partition's or a lease's name: the rule every engine applies before it touches anything.
#pragma once

#include <string_view>

#include "storage/engine.h"

namespace hikyaku::storage {

// Refused, with the reason, or nothing. A name becomes a path in the embedded engine, so `..` and the names of its
// own files are no names.
[[nodiscard]] StoreResult<> check_name(std::string_view name);

}  // namespace hikyaku::storage
