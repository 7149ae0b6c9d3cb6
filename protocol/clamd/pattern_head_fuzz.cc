// A head has three numbers within bounds, or is none.
#include <cstdint>

#include "base/check.h"
#include "protocol/clamd/pattern_head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto head = clamd::parse_pattern_head(octets);
  if (!head) return 0;
  constexpr std::uint64_t most = 1ULL << 40;
  check(size >= clamd::pattern_head_octets && head->version <= most && head->patterns <= most && head->built <= most, "numbers are bounded");
  return 0;
}
