// The messages between fronts and auth: nothing crashes, and what decodes encodes to a message that means the same.
#include "base/check.h"
#include "services/directory/auth_protocol.h"

using namespace hikyaku;
using namespace hikyaku::directory;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = auth_protocol::decode_request(bytes)) {
    const auto encoded = auth_protocol::encode(*request);
    const auto again = auth_protocol::decode_request(encoded);
    check_or_abort(again && auth_protocol::encode(*again) == encoded, "a request survives its encoding");
  }
  if (const auto reply = auth_protocol::decode_reply(bytes)) {
    const auto encoded = auth_protocol::encode(*reply);
    const auto again = auth_protocol::decode_reply(encoded);
    check_or_abort(again && auth_protocol::encode(*again) == encoded, "a reply survives its encoding");
  }
  return 0;
}
