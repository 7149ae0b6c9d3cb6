// The system's words for an errno, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::io {

// "No such file or directory" for ENOENT.
[[nodiscard]] std::string words_of_errno(int error);

// One sentence for an error: "CALL SUBJECT: words of the system".
[[nodiscard]] std::string describe_errno(const char* call, std::string_view subject, int error);

}  // namespace hikyaku::io
