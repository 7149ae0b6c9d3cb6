#include "base/checksum.h"

#include <xxhash.h>

namespace hikyaku {

std::uint64_t checksum(std::string_view octets, std::uint64_t seed) {
  return XXH3_64bits_withSeed(octets.data(), octets.size(), seed);
}

}  // namespace hikyaku
