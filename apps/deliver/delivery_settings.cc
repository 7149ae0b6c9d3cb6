#include "apps/deliver/delivery_settings.h"

namespace hikyaku::apps {

delivery::DeliverySettings delivery_settings(const settings::Settings& settings, const std::string& hostname,
                                             std::shared_ptr<const io::TlsClientContext> tls) {
  const auto& from = settings.delivery;
  delivery::DeliverySettings to;
  to.retry.refused_attempts = static_cast<std::uint32_t>(from.refused_attempts());
  to.retry.transient_period = from.transient_period();
  to.retry.no_answer_period = from.unanswered_period();
  to.retry.interval = from.retry_interval();
  to.retry.longest_interval = from.retry_interval_max();
  to.retry.growth = from.retry_growth() == "constant" ? delivery::RetryRules::Growth::Constant
                                                      : delivery::RetryRules::Growth::Doubling;
  // Half of all slots is never used by retries, a tenth never by fresh mail.
  to.lanes.slots = static_cast<std::uint32_t>(from.connections());
  to.lanes.reserved_fresh = to.lanes.slots / 2;
  to.lanes.reserved_retry = to.lanes.slots / 10;
  to.lanes.per_destination = static_cast<std::uint32_t>(from.connections_per_destination());
  to.session.our_name = hostname;
  to.session.connect_time = from.connect_time();
  to.session.reply_time = from.reply_time();
  to.session.messages = static_cast<std::uint32_t>(from.messages_per_connection());
  to.session.tls = std::move(tls);
  return to;
}

}  // namespace hikyaku::apps
