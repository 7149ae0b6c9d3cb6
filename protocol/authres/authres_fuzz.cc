// Any value: what is read is written so that it reads the same again.
#include <cstdint>
#include <cstdlib>

#include "protocol/authres/authres.h"

using namespace hikyaku::authres;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)read_payload(text);
  for (const auto& place : forged_fields(text, "mx.example"))
    if (place.end > size || place.begin >= place.end) std::abort();
  const auto read = parse(text);
  if (!read) return 0;
  const auto field = field_text(*read);
  if (field.find('\n') != field.size() - 1 && field.find("\n\t") == std::string::npos) std::abort();
  const auto again = parse(std::string_view(field).substr(24, field.size() - 26));
  if (!again || again->results.size() != read->results.size()) std::abort();
  return 0;
}
