// Any octets as the file of counts: what is understood is written, and understood again, the same.
#include <cstdlib>

#include "services/delivery/tls/tls_book.h"

using hikyaku::delivery::TlsBook;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto book = TlsBook::parse({reinterpret_cast<const char*>(data), size});
  const auto text = book.text();
  if (TlsBook::parse(text).text() != text) std::abort();
  return 0;
}
