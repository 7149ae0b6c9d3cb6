#include "apps/cli/access/dns_look.h"

#include "apps/service/data_folders.h"
#include "io/hosts_file.h"
#include "services/delivery/exchange_lookup.h"
#include "services/delivery/resolver_settings.h"

namespace hikyaku::cli {

namespace {

using delivery::DnsFinding;
constexpr Duration patience = 10s;

DnsFinding finding_of(const delivery::LookupFailure& failed) {
  if (failed.status == "5.1.10") return DnsFinding::NullMx;
  if (failed.status == "5.4.6") return DnsFinding::Ourselves;
  if (failed.failure != delivery::FailureClass::Refused) return DnsFinding::Silent;
  return failed.explanation.find("does not exist") != std::string::npos ? DnsFinding::NoDomain : DnsFinding::NoAddress;
}

// Whether the hosts that a route names have an address: a route's failure looks like DNS's own to delivery.
Task<bool> none_exists(io::Loop& loop, io::Resolver& resolver, const delivery::NextHop& hop) {
  for (const auto& host : hop.hosts()) {
    auto asking = resolver.a(host.name, loop.after(patience));
    const auto answer = co_await std::move(asking);
    if (answer.outcome != io::DnsOutcome::NoSuchName && answer.outcome != io::DnsOutcome::NoData) co_return false;
  }
  co_return true;
}

Task<void> look(io::Loop& loop, io::Resolver& resolver, delivery::ExchangeLookup& lookup, const delivery::NextHop& hop, DnsLook& into) {
  auto asking = lookup.candidates(hop);
  const auto candidates = co_await std::move(asking);
  if (candidates) {
    into.finding = DnsFinding::Fine;
    for (const auto& one : *candidates) {
      into.hosts.push_back(one.host + " [" + one.address.ip().to_string() + "]:" + std::to_string(one.address.port()));
      into.addresses.push_back(one.address.ip());
    }
    co_return;
  }
  into.finding = finding_of(candidates.error());
  into.words = candidates.error().explanation;
  if (hop.via == delivery::Via::Host && into.finding == DnsFinding::Silent) {
    auto asking_hosts = none_exists(loop, resolver, hop);
    const bool none = co_await std::move(asking_hosts);
    if (none) into.finding = DnsFinding::NoAddress;
  }
}

Task<void> run_and_stop(io::Loop& loop, io::Resolver& resolver, const DnsTask& task) {
  auto running = task(loop, resolver);
  co_await std::move(running);
  loop.stop();
}

struct Looking {
  const settings::Settings& settings;
  const delivery::NextHop& hop;
  const std::string& our_name;
  DnsLook& found;
};

Task<void> look_with(io::Loop& loop, io::Resolver& resolver, Looking what) {
  io::HostsFiles hosts({apps::folder::in(what.settings.node.data(), apps::folder::own_hosts), apps::folder::in(what.settings.node.data(), apps::folder::system_hosts)});
  (void)hosts.refresh();
  delivery::ExchangeLookup lookup(loop, resolver, {.our_name = what.our_name, .hosts = &hosts, .limit = patience, .ours = delivery::own_listeners(what.settings)});
  auto looking = look(loop, resolver, lookup, what.hop, what.found);
  co_await std::move(looking);
}

}  // namespace

std::string with_resolver(const settings::Settings& settings, std::vector<std::string> reserved, const DnsTask& task) {
  auto options = delivery::resolver_options(settings);
  if (!options) return std::move(options).error();
  options->ask_reserved = std::move(reserved);
  try {
    io::Loop loop;
    io::Resolver resolver(loop, *std::move(options));
    loop.spawn(run_and_stop(loop, resolver, task));
    loop.run();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

DnsLook look_at_dns(const settings::Settings& settings, const delivery::NextHop& hop, const std::string& our_name) {
  DnsLook found;
  const Looking what{settings, hop, our_name, found};
  const auto trouble = with_resolver(settings, {}, [&what](io::Loop& loop, io::Resolver& resolver) { return look_with(loop, resolver, what); });
  if (!trouble.empty()) found.words = trouble;
  return found;
}

}  // namespace hikyaku::cli
