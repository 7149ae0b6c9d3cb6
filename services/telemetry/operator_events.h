// Events about what operators told the server itself to do. They stand in all_events() too.
#pragma once

#include "services/telemetry/event.h"

namespace hikyaku::telemetry::events {

inline constexpr Event service_ordered{"service.ordered", Level::Info, LogName::ServiceLog,
    "An operator started, stopped or restarted a service: by says who, text what.",
    "管理者がサービスを開始・停止・再起動した。by は実行者、text は内容。"};

inline constexpr Event known_forgotten{"known.forgotten", Level::Info, LogName::ServiceLog,
    "An operator had a network or domain forgotten that passed the greylist at once: by says who, text which.",
    "管理者がグレイリストの既知の相手を忘れさせた。by は実行者、text は対象。"};

}  // namespace hikyaku::telemetry::events
