// Any octets as the file of what was told: what is understood is written, and understood again, the same.
#include "base/check.h"
#include "services/refusals/told.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using hikyaku::refusals::Told;
  const auto told = Told::parse({reinterpret_cast<const char*>(data), size});
  hikyaku::check(Told::parse(told.text()) == told, "it comes back");
  return 0;
}
