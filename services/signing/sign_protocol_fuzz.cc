// The messages between deliver and signer: nothing crashes, what is read is within the bounds and encodes to the same.
#include "base/check.h"
#include "services/signing/sign_protocol.h"

using namespace hikyaku;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto request = signing::decode_sign_request(octets)) {
    check_or_abort(!request->items.empty() && request->items.size() <= signing::most_items, "a request is bounded");
    check_or_abort(signing::decode_sign_request(signing::encode(*request)) == request, "a request survives its encoding");
  }
  if (const auto reply = signing::decode_sign_reply(octets)) {
    check_or_abort(reply->signatures.size() <= signing::most_items, "a reply is bounded");
    check_or_abort(signing::decode_sign_reply(signing::encode(*reply)) == reply, "a reply survives its encoding");
  }
  return 0;
}
