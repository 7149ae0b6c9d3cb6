// Any octets as messages about a link: what is understood is written, and understood again, the same.
#include "base/check.h"
#include "services/refusals/decision_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::refusals;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto request = decode_decision_request(octets)) hikyaku::check(decode_decision_request(encode(*request)).has_value(), "a request comes back");
  if (const auto reply = decode_decision_reply(octets)) hikyaku::check(encode(*decode_decision_reply(encode(*reply))) == encode(*reply), "a reply comes back");
  return 0;
}
