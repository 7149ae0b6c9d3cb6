// Records that were read are written as records that read the same.
#include <cstdint>

#include "base/check.h"
#include "services/virusdb/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  const auto records = virusdb::parse_records({reinterpret_cast<const char*>(data), size});
  std::string text;
  for (const auto& record : records) text += virusdb::line_of(record);
  const auto again = virusdb::parse_records(text);
  check(again.size() == records.size(), "as many come back");
  for (std::size_t i = 0; i < again.size(); ++i) check(again[i].fingerprint == records[i].fingerprint && again[i].kind == records[i].kind && again[i].at == records[i].at, "the same come back");
  return 0;
}
