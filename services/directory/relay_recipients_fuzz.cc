// Whatever a list says: bounded, and what is taken is taken again as it was.
#include "base/check.h"
#include "services/directory/relay_recipients.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::directory;
  const auto parsed = parse_relay_recipients({reinterpret_cast<const char*>(data), size}, "inner.example");
  for (const auto& address : parsed.addresses) {
    const auto again = normal_relay_recipient(address, "inner.example");
    hikyaku::check(again && *again == address, "an address has one form");
  }
  for (const auto& bad : parsed.bad) hikyaku::check(bad.line > 0 && !bad.why.empty(), "a bad row says where and why");
  return 0;
}
