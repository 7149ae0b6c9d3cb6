// What is read is written as it was.
#include "base/check.h"
#include "services/delivery/asking.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::delivery;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto question = decode_recipient_question(bytes)) {
    const auto again = decode_recipient_question(encode(*question));
    hikyaku::check(again && again->recipient == question->recipient && again->unlikely == question->unlikely, "a question comes back");
  }
  if (const auto finding = decode_recipient_finding(bytes)) {
    const auto again = decode_recipient_finding(encode(*finding));
    hikyaku::check(again && again->word == finding->word && again->takes_everybody == finding->takes_everybody && again->words == finding->words, "a finding comes back");
  }
  return 0;
}
