// Hosts files: nothing crashes, and every name that was taken can be found.
#include "base/check.h"
#include "io/hosts_file.h"

using namespace hikyaku;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  io::HostsTable table;
  io::parse_hosts(text, table);
  const auto names = table.size();
  io::parse_hosts(text, table);
  check_or_abort(table.size() == names, "a file read twice says nothing new");
  (void)table.find(text);
  return 0;
}
