// Record data from strangers: never a crash, results within the limits.
#include <cstdint>
#include <cstdlib>

#include "io/dns_rdata.h"

using namespace hikyaku::io;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view rdata(reinterpret_cast<const char*>(data), size);
  if (const auto name = parse_dns_name(rdata)) {
    if (name->size() > 4 * rdata.size()) std::abort();
    for (const char c : *name)
      if (c <= 0x20 || c >= 0x7f) std::abort();
  }
  if (const auto text = parse_txt(rdata); text && text->size() >= size) std::abort();
  if (const auto mx = parse_mx(rdata); mx && parse_dns_name(rdata.substr(2)) != mx->host) std::abort();
  if (const auto tlsa = parse_tlsa(rdata); tlsa && tlsa->data.size() + 3 != size) std::abort();
  if (const auto address = parse_dns_address(rdata); address && IpAddress::parse(address->to_string()) != address)
    std::abort();
  return 0;
}
