// Any octets: unpacking stays within its bound, as a mail and by itself.
#include <cstdlib>

#include "protocol/dmarc/report_mail.h"

using namespace hikyaku::dmarc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto unpacked = unpack_report(text, 100'000);
  if (unpacked && unpacked->size() > 100'000) std::abort();
  (void)report_in_mail(text);
  return 0;
}
