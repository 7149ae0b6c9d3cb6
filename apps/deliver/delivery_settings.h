// From the settings file to what the delivery service understands.
#pragma once

#include "services/delivery/delivery.h"
#include "services/settings/settings.h"

namespace hikyaku::apps {

[[nodiscard]] delivery::DeliverySettings delivery_settings(const settings::Settings& settings, const std::string& hostname,
                                                          std::shared_ptr<const io::TlsClientContext> tls,
                                             delivery::RoutingSettings routing, delivery::ObserveTls observe);

// How many deliveries of those wanted a process may have under way that may open so many descriptors: at least one. Mail in
// memory waits for a slot; it never meets a failing socket().
[[nodiscard]] std::uint32_t slots_within(std::uint32_t wanted, std::uint64_t descriptors);

}  // namespace hikyaku::apps
