// Events about what operators told the server itself to do. They stand in all_events() too.
#pragma once

#include "services/telemetry/event.h"

namespace hikyaku::telemetry::events {

inline constexpr Event service_ordered{"service.ordered", Level::Info, LogName::ServiceLog,
    "An operator started, stopped or restarted a service: by says who, text what.",
    "管理者がサービスを開始・停止・再起動した。by は実行者、text は内容。"};

}  // namespace hikyaku::telemetry::events
