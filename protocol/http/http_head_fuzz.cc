// No octets harm; what is a URL keeps its target and host within their limits.
#include <cstdint>

#include "base/check.h"
#include "protocol/http/head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto head = http::parse_request_head(text)) check(!head->target.empty() && head->target.size() <= 2'000, "a target has a bounded length");
  if (const auto status = http::parse_status_line(text)) check(*status >= 100 && *status <= 999, "a status has three digits");
  if (const auto url = http::parse_url(text)) {
    check(url->host_field().find_first_of(" \r\n/") == std::string::npos && url->target.find_first_of(" \r\n") == std::string::npos, "nothing breaks a request line");
    const auto again = http::parse_url((url->scheme == http::Url::Scheme::Https ? "https://" : "http://") + url->host_field() + url->target);
    check(again && again->host == url->host && again->port == url->port && again->target == url->target, "a URL comes back");
  }
  return 0;
}
