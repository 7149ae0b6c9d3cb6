// Any octets as a name: a canonical name is a host name and canonical again.
#include <cstdlib>

#include "protocol/dns/host_name.h"

using namespace hikyaku::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto name = canonical_name(text)) {
    if (!is_host_name(*name) || canonical_name(*name) != *name) std::abort();
    (void)display_name(*name);
  }
  (void)reverse_name(text);
  return 0;
}
