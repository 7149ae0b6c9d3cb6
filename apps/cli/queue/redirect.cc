// hikyaku queue redirect --to-host HOST | --to-address ADDRESS
#include "apps/cli/commands.h"
#include "apps/cli/queue/act.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

Exit run(Invocation& call) {
  if (call.has("--to-host") == call.has("--to-address"))
    return call.fail(Words{"where to? Remedy: give --to-host or --to-address.", "--to-host か --to-address のどちらかを指定する。"});
  if (call.has("--to-host")) {
    const auto host = call.value("--to-host");
    if (!delivery::parse_chosen_hop(host)) return call.fail("\"" + host + "\" is no host. Remedy: write a name or an address, with a port where it is not 25: relay.example.net:2525, [2001:db8::1]:25.");
    return act_on_queue(call, {delivery::QueueActionKind::RedirectHost, host}, Caution::ShowsFirst,
                        {{" recipients would go by that host, now", " 件の宛先を、そのホスト経由で今すぐ送ることになる"},
                         {" recipients go by that host, now", " 件の宛先を、そのホスト経由で今すぐ送る"}});
  }
  const auto address = call.value("--to-address");
  if (!directory::parse_address(address)) return call.fail("\"" + address + "\" is no address. Remedy: write user@example.net.");
  return act_on_queue(call, {delivery::QueueActionKind::RedirectAddress, address}, Caution::ShowsFirst,
                      {{" recipients would get this address instead", " 件の宛先を、この宛先に変えることになる"},
                       {" recipients were given this address instead", " 件の宛先を、この宛先に変えた"}});
}

}  // namespace

Command queue_redirect_command() {
  auto options = action_options(Caution::ShowsFirst);
  options.push_back({"--to-host", OptionKind::Value, {"send by this next hop, whatever the routes say", "経路表によらず、この配送先へ送る"}});
  options.push_back({"--to-address", OptionKind::Value, {"send to this address instead", "代わりにこの宛先へ送る"}});
  return {.name = "queue redirect",
          .help = {"send mail that waits to another host or address", "配送待ちのメールを別のホストまたは宛先へ送る"},
          .options = std::move(options),
          .run = run};
}

}  // namespace hikyaku::cli
