// Any octets as a link: without the key nothing is accepted; as a subject, what is signed comes back.
#include "base/check.h"
#include "services/refusals/link.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku;
  using namespace hikyaku::refusals;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string key(link_key_octets, 'k');
  check(!read_link(key, text, WallTime{}), "nobody guesses a signature");
  const auto half = text.size() / 2;
  const LinkSubject subject{std::string(text.substr(0, half)), std::string(text.substr(half)), "b@here.example", WallTime{std::chrono::seconds{1'800'000'000}}};
  const auto again = read_link(key, make_link(key, subject), WallTime{});
  check(size > 2'000 || (again && *again == subject), "what is signed comes back");
  return 0;
}
