// OpenSSL's words for what went wrong last on this thread.
#pragma once

#include <openssl/err.h>

#include <string>

#include "io/system_error.h"

namespace hikyaku::io {

// Empties the thread's error queue; the first entry is the cause.
[[nodiscard]] inline std::string take_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  if (ERR_SYSTEM_ERROR(code)) return words_of_errno(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

}  // namespace hikyaku::io
