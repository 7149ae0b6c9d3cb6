// Any octets: files of subscriptions come back as they are read, and a list's rows are of its own kind.
#include "base/check.h"
#include "services/subscriptions/subscription.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace hikyaku;
  using namespace hikyaku::subscriptions;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto one = parse_subscription(text)) check(parse_subscription(print(*one)) == one, "a subscription comes back");
  const auto state = parse_state(text);
  check(print(parse_state(print(state))) == print(state), "a state comes back");
  const Subscription subscription{.name = "x", .from = "/x", .action = directory::AccessAction::Refuse};
  for (const auto& row : rows_of(subscription, text, WallTime{}).rows) check(row.source == "x" && row.action == directory::AccessAction::Refuse && row.who == directory::AccessWho::Client, "its own kind");
  return 0;
}
