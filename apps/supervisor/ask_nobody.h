// Work that reads a file's contents, done for the privileged parent by a child without its rights.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace hikyaku::apps {

// What `work` returns in a forked child: of the descriptors it has the standard ones alone, and no way to more rights; where we are
// root it is user nobody without a capability, otherwise it stays the user that we are. It reads what memory holds. Blocks for some milliseconds, never longer than 20 s. Nothing: no child, or one that crashed, was too slow or
// said more than `most` octets. For a process with one thread.
[[nodiscard]] std::optional<std::string> ask_nobody(const std::function<std::string()>& work, std::size_t most);

}  // namespace hikyaku::apps
