// The page of suspended accounts: what is read is written as it is read again, and the memory of what was told too.
#include "base/check.h"
#include "services/history/suspended.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku::history;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto all = parse_suspended(text);
  hikyaku::check(parse_suspended(suspended_text(all)).size() == all.size(), "a page comes back");
  SuspensionWatch watch, again;
  watch.decode(text);
  again.decode(watch.encode());
  hikyaku::check(watch.encode() == again.encode(), "what was told comes back");
  (void)watch.look(all, Time{});
  return 0;
}
