// Any octets through both preparations: no crash, valid results, and a second time changes nothing.
#include <cstdlib>

#include "protocol/sasl/prepare.h"

using namespace hikyaku::sasl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto once = opaque_string(text)) {
    if (once->empty() || opaque_string(*once) != *once) std::abort();
  }
  if (const auto once = saslprep(text); once && once->empty()) std::abort();
  return 0;
}
