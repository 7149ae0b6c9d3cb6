// What is read is written as it can be read again.
#include "base/check.h"
#include "services/policy/recipient_line.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::policy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto line = parse_recipient_line(text)) {
    const auto written = recipient_line(*line);
    const auto again = parse_recipient_line(std::string_view(written).substr(0, written.size() - 1));
    hikyaku::check(again && recipient_line(*again) == written, "a line comes back");
  }
  RecipientMemory memory({.most = 100});
  (void)restore(memory, text);
  hikyaku::check(memory.users().size() <= 100, "bounded");
  return 0;
}
