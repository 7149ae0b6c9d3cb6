// Any octets as an answer, at once and octet by octet: the same in the end, and within its bounds.
#include <cstdlib>

#include "protocol/http/response.h"

using namespace hikyaku::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t most = 256;
  Response whole(most), slow(most);
  whole.receive(text);
  for (const char& octet : text) slow.receive({&octet, 1});
  if (whole.state() != slow.state()) std::abort();
  whole.ended();
  slow.ended();
  if (whole.state() != slow.state() || whole.state() == Response::State::Reading) std::abort();
  if (whole.state() == Response::State::Complete && (whole.body() != slow.body() || whole.body().size() > most || whole.status() < 200)) std::abort();
  return 0;
}
