// Any octets: nothing is read beyond them, and a text that is read is no longer than what it was written as.
#include "base/check.h"
#include "services/telemetry/line_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const hikyaku::telemetry::LineReader reader(text);
  for (const auto* key : {"event", "time", "reply", "sender", ""}) hikyaku::check(reader.text(key).size() <= size, "bounded");
  hikyaku::check(reader.sound() || !reader.has("event"), "what is no line has no members");
  return 0;
}
