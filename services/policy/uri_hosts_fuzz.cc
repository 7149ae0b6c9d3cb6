// Any octets: hosts are canonical, few, and each once.
#include <set>

#include "base/check.h"
#include "protocol/dns/host_name.h"
#include "services/policy/uri_hosts.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> hosts;
  policy::add_uri_hosts(text, policy::TextKind::Html, hosts);
  policy::add_uri_hosts(text, policy::TextKind::Plain, hosts);
  check(hosts.size() <= policy::most_uri_hosts, "bounded");
  check(std::set<std::string>(hosts.begin(), hosts.end()).size() == hosts.size(), "each once");
  for (const auto& host : hosts) check(host.find('.') != std::string::npos && host.size() <= 253, "a host");
  (void)policy::uri_hosts_in(text);
  return 0;
}
