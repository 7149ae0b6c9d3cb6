// Any octets are an address list: groups are closed in order, nothing carries a line end.
#include "base/check.h"
#include "protocol/mime/address_list.h"

using namespace hikyaku;
using namespace hikyaku::mime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  TextStore store;
  bool in_group = false;
  for (const auto& entry : parse_address_list(input, store)) {
    using Kind = ListedAddress::Kind;
    check(entry.kind == Kind::Mailbox || in_group == (entry.kind == Kind::GroupEnd), "groups do not nest");
    if (entry.kind != Kind::Mailbox) in_group = !in_group;
    for (const auto text : {entry.name, entry.route, entry.mailbox, entry.host})
      check(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "one line");
    (void)address_text(entry);
  }
  check(!in_group, "every group ends");
  return 0;
}
