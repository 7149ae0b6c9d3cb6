// Whatever the octets are, what was read prints to what reads the same.
#include "base/check.h"
#include "services/epost_spool/rcp.h"

using namespace hikyaku;
using namespace hikyaku::epost_spool;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto envelope = parse_rcp(text)) check(parse_rcp(print_rcp(*envelope)) == *envelope, "an envelope reads as it prints");
  if (const auto retry = parse_domain_mri(text)) check(parse_domain_mri(print_domain_mri(*retry)) == *retry, "retry data read as they print");
  if (const auto list = parse_recipient_list(text)) check(!list->empty(), "a list names somebody");
  return 0;
}
