// From the settings file to what the delivery service understands.
#pragma once

#include "services/delivery/delivery.h"
#include "services/settings/settings.h"

namespace hikyaku::apps {

[[nodiscard]] delivery::DeliverySettings delivery_settings(const settings::Settings& settings, const std::string& hostname,
                                                          std::shared_ptr<const io::TlsClientContext> tls,
                                             delivery::RoutingSettings routing, delivery::ObserveTls observe);

}  // namespace hikyaku::apps
