#include "base/checksum.h"

#include <xxhash.h>

namespace hikyaku {

std::uint64_t checksum(std::string_view octets, std::uint64_t seed) {
  return XXH3_64bits_withSeed(octets.data(), octets.size(), seed);
}

struct StreamingChecksum::State {
  XXH3_state_t* xxh3 = XXH3_createState();
  ~State() { XXH3_freeState(xxh3); }
};

StreamingChecksum::StreamingChecksum() : state_(std::make_unique<State>()) { start(); }
StreamingChecksum::~StreamingChecksum() = default;
void StreamingChecksum::start(std::uint64_t seed) { XXH3_64bits_reset_withSeed(state_->xxh3, seed); }
void StreamingChecksum::add(std::string_view octets) { XXH3_64bits_update(state_->xxh3, octets.data(), octets.size()); }
std::uint64_t StreamingChecksum::value() const { return XXH3_64bits_digest(state_->xxh3); }

}  // namespace hikyaku
