// Starts one process of ours: fork, give up privileges, execute the binary anew with one end of a socket pair as
// descriptor 3. Nothing else is inherited but standard output and error.
#pragma once

#include <string>
#include <vector>

#include "apps/supervisor/privileges.h"
#include "io/descriptor.h"

namespace hikyaku::apps {

inline constexpr int control_descriptor = 3;  // in the child

struct Spawned {
  int pid = 0;
  io::Descriptor control;  // our end (SOCK_SEQPACKET)
};

// `binary` is looked up at each start, so that a newly installed one is used. The error is a sentence.
[[nodiscard]] Result<Spawned, std::string> spawn(const std::string& binary, const std::vector<std::string>& arguments, const Identity& identity);

}  // namespace hikyaku::apps
