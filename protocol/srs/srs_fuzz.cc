// Any text as a local part: no crash; what is accepted is an address again; and what we sign we accept, as the same address.
#include <cstdlib>

#include "protocol/srs/srs.h"

using namespace hikyaku;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto at = text.find('@');
  const Address address{std::string(text.substr(0, at)), at == std::string_view::npos ? "far.example" : std::string(text.substr(at + 1))};
  const srs::Secrets secrets{"0123456789abcdef0123456789abcdef"};
  const WallTime now{std::chrono::seconds{1'800'000'000}};
  if (const auto restored = srs::restore(address, secrets, now)) {
    if (restored->local_part.empty() || restored->domain.empty()) std::abort();
  }
  const auto rewritten = srs::rewrite(address, "us.example", secrets, now);
  if (!rewritten) return 0;
  if (rewritten->local_part.size() > 64 || rewritten->domain != "us.example" || !srs::looks_rewritten(*rewritten)) std::abort();
  const auto back = srs::restore(*rewritten, secrets, now);
  if (!back) std::abort();
  if (rewritten->local_part[3] == '0' && back->local_part != address.local_part) std::abort();
  return 0;
}
