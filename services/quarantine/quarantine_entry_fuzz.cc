// A head that decodes is written again as one that decodes to the same.
#include <cstdint>

#include "base/check.h"
#include "services/quarantine/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  const auto entry = quarantine::decode_entry({reinterpret_cast<const char*>(data), size});
  if (!entry) return 0;
  const auto again = quarantine::decode_entry(quarantine::encode(*entry));
  check(again && again->why == entry->why && again->taken == entry->taken && again->octets == entry->octets && again->mark == entry->mark && again->envelope == entry->envelope, "a head comes back");
  return 0;
}
