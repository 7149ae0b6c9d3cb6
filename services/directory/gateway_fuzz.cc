// gateway.dat and the account and alias tables: nothing crashes, and what was taken prints and parses to the same.
#include "base/check.h"
#include "services/directory/address_text.h"
#include "services/directory/gateway_text.h"
#include "services/directory/import_export.h"
#include "services/directory/route_table.h"

using namespace hikyaku;
using namespace hikyaku::directory;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto routes = parse_gateway_dat(text);
  const auto again = parse_gateway_dat(print_gateway_dat(routes.routes));
  check_or_abort(again.routes == routes.routes && again.bad.empty(), "routes survive printing");
  const auto tidy = tidy_gateway_dat(text);
  check_or_abort(parse_gateway_dat(tidy).routes == routes.routes, "tidying changes no row");
  for (const auto& route : routes.routes) {
    (void)matches_recipient(route, {"user", "some.example.jp"});
    (void)matches_sender(route, {{"user", "some.example.jp"}});
  }
  if (const auto gateway = parse_gateway(text.substr(0, text.find('\n'))))
    check_or_abort(parse_gateway(print_target(*gateway)) == gateway, "a gateway survives printing");
  const auto accounts = parse_accounts(text, size % 2 == 0 ? "" : "a.example");
  check_or_abort(accounts.lines.size() == accounts.accounts.size(), "each account has its line");
  std::vector<Account> plain;
  for (const auto& row : accounts.accounts) plain.push_back(row.account);
  (void)parse_accounts(print_accounts(plain), "");
  const auto aliases = parse_aliases(text);
  const auto aliases_again = parse_aliases(print_aliases(aliases.aliases));
  check_or_abort(aliases_again.aliases == aliases.aliases && aliases_again.bad.empty(), "aliases survive printing");
  return 0;
}
