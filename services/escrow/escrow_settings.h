// What the settings ([refusals]) make of escrow's limits: the same for its keeper and for commands.
#pragma once

#include "services/escrow/keeper.h"
#include "services/settings/refusals_section.h"

namespace hikyaku::escrow {

[[nodiscard]] inline Limits limits_of(const settings::RefusalsSection& refusals) {
  return {.age = std::chrono::hours{24} * refusals.escrow_days(), .octets = refusals.escrow_size().octets};
}

}  // namespace hikyaku::escrow
