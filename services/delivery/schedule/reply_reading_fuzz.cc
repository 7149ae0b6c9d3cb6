// Any octets a peer may send as a reply: read without a fault, and a hint stays within its bounds.
#include "base/check.h"
#include "services/delivery/schedule/reply_reading.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  smtp::Reply reply;
  reply.code = static_cast<std::uint16_t>(200 + data[0] + data[1]);
  reply.enhanced = {static_cast<std::uint16_t>(data[2] % 6), data[3], data[4]};
  reply.text.assign(reinterpret_cast<const char*>(data) + 6, size - 6);
  const auto reading = read_reply(reply, static_cast<smtp::Stage>(data[5] % 10));
  if (reading.wait) check_or_abort(*reading.wait >= 1s && *reading.wait <= 24h, "a hint is between a second and a day");
  check_or_abort(!reply.is_permanent() || limit_of(reading.failure) == Limit::Count, "5xx is counted");
  check_or_abort(reply.is_permanent() || limit_of(reading.failure) == Limit::Period, "4xx is timed");
  return 0;
}
