// Any octets as a policy and as TXT records: what is read keeps its bounds, and what a policy lists it lists in any case.
#include <cstdlib>

#include "protocol/tls_policy/sts_policy.h"
#include "protocol/tls_policy/txt_record.h"

using namespace hikyaku::tls_policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto policy = parse_sts_policy(text)) {
    if (policy->max_age > longest_max_age || (policy->mx.empty() && policy->mode != StsMode::None)) std::abort();
    for (const auto& host : policy->mx)
      if (!policy->lists(host.starts_with("*.") ? "any" + host.substr(1) : host)) std::abort();
  }
  if (const auto id = read_sts_id({text}); id && (id->empty() || id->size() > 32)) std::abort();
  if (read_sts_id({text, text})) std::abort();
  if (const auto wanted = read_report_addresses({text}); wanted && wanted->mail.empty() && wanted->https.empty()) std::abort();
  return 0;
}
