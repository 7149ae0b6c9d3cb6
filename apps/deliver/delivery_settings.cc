#include "apps/deliver/delivery_settings.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "services/delivery/report/report_settings.h"
#include "services/delivery/schedule/retry_settings.h"

namespace hikyaku::apps {
namespace {

constexpr std::uint32_t connections_per_processor = 100;
// Two addresses of a host tried at once, a session kept for the next mail, a question to DNS.
constexpr std::uint64_t descriptors_of_a_delivery = 4;
constexpr std::uint64_t descriptors_of_the_store = 300;  // segments, mailboxes, logs, channels

std::uint64_t most_descriptors() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1'024;
}

}  // namespace

std::uint32_t slots_within(std::uint32_t wanted, std::uint64_t descriptors) {
  const std::uint64_t left = descriptors > descriptors_of_the_store ? descriptors - descriptors_of_the_store : 0;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, std::min<std::uint64_t>(wanted, left / descriptors_of_a_delivery)));
}

delivery::DeliverySettings delivery_settings(const settings::Settings& settings, const std::string& hostname,
                                             std::shared_ptr<const io::TlsClientContext> tls,
                                             delivery::RoutingSettings routing, delivery::ObserveTls observe) {
  const auto& from = settings.delivery;
  delivery::DeliverySettings to;
  to.retry = delivery::retry_table(from);
  to.limits = delivery::limit_rows(from);
  to.sources = delivery::source_limits(from);
  const auto chosen = connections_per_processor * std::max(1U, std::thread::hardware_concurrency());
  to.lanes.slots = slots_within(from.connections() > 0 ? static_cast<std::uint32_t>(from.connections()) : chosen, most_descriptors());
  to.lanes.reserved_fresh = to.lanes.slots * static_cast<std::uint32_t>(from.fresh_share()) / 100;
  to.lanes.reserved_retry = to.lanes.slots * static_cast<std::uint32_t>(from.retry_share()) / 100;
  to.lanes.per_destination = static_cast<std::uint32_t>(from.connections_per_destination());
  to.report_language = delivery::report_language(from);
  to.delay_notice = from.delay_notice();
  to.propose_hold_after = from.propose_hold_after();
  to.automatic_hold = from.automatic_hold();
  to.routing = std::move(routing);
  to.routing.rewrite_senders = from.rewrite_senders() ? delivery::RoutingSettings::RewriteSenders::Yes : delivery::RoutingSettings::RewriteSenders::No;
  for (const auto& text : settings.smtp.relay_networks())
    if (const auto network = io::IpNetwork::parse(text)) to.routing.relay_networks.push_back(*network);
  to.when_full = settings.smtp.over_quota() == "refuse" ? delivery::WhenFull::Refuse : delivery::WhenFull::Defer;
  to.unsigned_while_away = settings.signing.when_away() == "unsigned";
  to.session.our_name = hostname;
  to.session.connect_time = from.connect_time();
  to.session.reply_time = from.reply_time();
  to.session.messages = static_cast<std::uint32_t>(from.messages_per_connection());
  to.session.tls = std::move(tls);
  to.session.observe = std::move(observe);
  return to;
}

}  // namespace hikyaku::apps
