// hikyaku route explain: the decision, step by step, by the very function delivery uses.
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "apps/cli/route/steps.h"
#include "io/hosts_file.h"
#include "services/delivery/dns_servers.h"

namespace hikyaku::cli {

namespace {

constexpr std::size_t most_targets_shown = 20;

directory::DirectoryResult<> work(Invocation& call, directory::Editor& editor) {
  TRY(snapshot, editor.read());
  TRY(address, wanted_address(call.value("ADDRESS")));
  ReversePath sender;
  if (const auto from = call.value("--from"); !from.empty() && from != "<>") {
    TRY(parsed, wanted_address(from));
    sender.address = parsed;
  }
  const auto settings = call.settings();
  if (!settings) return directory::refuse(directory::DirectoryFailure::BadValue, "The settings cannot be read.");
  const delivery::RoutingSettings routing{.dns_servers = delivery::dns_servers(settings->delivery.resolvers())};
  io::HostsFiles hosts({settings->node.data() + "/hosts", settings->delivery.hosts_file()});
  (void)hosts.refresh();
  const auto table = hosts.current();
  std::vector<RouteExplanation> all;
  std::vector<Recipient> recipients{{address, "", {}}};
  for (std::size_t n = 0; n < recipients.size() && n <= most_targets_shown; ++n) {
    RouteExplanation one{recipients[n].address, {}, {}, {}, {}};
    one.plan = delivery::plan_recipient(*snapshot, routing, {sender, recipients[n]}, &one.steps);
    if (const auto* targets = std::get_if<delivery::ToTargets>(&one.plan))
      for (const auto& target : targets->targets) recipients.push_back({target, "", {}, true});
    if (const auto* forwards = std::get_if<delivery::ToForwards>(&one.plan)) {
      for (const auto& mailbox : forwards->mailboxes) recipients.push_back({mailbox, "", {}, true, true});
      for (const auto& target : forwards->targets) recipients.push_back({target, "", {}});
    }
    if (const auto* hop = std::get_if<delivery::ToNextHop>(&one.plan)) {
      if (const auto* found = table->find(hop->hop.name))
        for (const auto& ip : *found) one.fixed.push_back(ip.to_string());
      one.tls = tls_outlook(hop->hop, *settings, SystemClock{}.wall());
    }
    all.push_back(std::move(one));
  }
  call.print(call.json ? explanation_json(call, all) : explanation_text(call, all));
  return {};
}

Exit run(Invocation& call) { return with_directory(call, work); }

}  // namespace

Command route_explain_command() {
  return {.name = "route explain",
          .help = {"how mail for an address is routed, step by step", "ある宛先の配送経路の決まり方を順を追って説明する"},
          .options = {{"ADDRESS", OptionKind::Argument, {"a recipient", "宛先"}},
                      {"--from", OptionKind::Value, {"the envelope's sender; otherwise the empty one", "差出人(エンベロープ FROM)。省くと空"}}},
          .run = run,
          .more = {"The order is fixed: 1 aliases, 2 local domains and accounts (not with forward-all), 3 the route table, 4 the global gateway, 5 the hosts file, 6 MX, then A and AAAA.",
                   "順序は決まっている: 1 エイリアス、2 内部ドメインとアカウント(forward-all がオンなら省く)、3 経路表、4 SMTP ゲートウェイ、5 hosts ファイル、6 MX、次に A と AAAA。"}};
}

}  // namespace hikyaku::cli
