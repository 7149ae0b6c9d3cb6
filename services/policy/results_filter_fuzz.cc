// However a text is cut, the filter passes the same; what it passes holds no field in our name, and nothing but such fields is missing.
#include "base/check.h"
#include "protocol/authres/authres.h"
#include "services/policy/results_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using hikyaku::policy::ResultsFilter;
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto filtered = [&](std::size_t chunk) {
    ResultsFilter filter("mx.here.example");
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += chunk) out += filter.pass(text.substr(at, chunk));
    return out += filter.rest();
  };
  const auto whole = filtered(text.size() + 1);
  hikyaku::check(filtered(1 + data[0] % 97) == whole, "the same however it is cut");
  const auto header = std::string_view(whole).substr(0, std::string_view(whole).find("\r\n\r\n"));
  hikyaku::check(hikyaku::authres::forged_fields(header.find("\n\n") == std::string_view::npos ? header : std::string_view{}, "mx.here.example").empty(), "no forged field is left");
  return 0;
}
