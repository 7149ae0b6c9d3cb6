// Events about guessed passwords. They stand in all_events() too.
#pragma once

#include "services/telemetry/event.h"

namespace hikyaku::telemetry::events {

inline constexpr Event login_slowed{"login.slowed", Level::Warning, LogName::ServiceLog,
    "After failed logins an address, a network or an account has to wait longer for the next try; count says how many failed.",
    "ログイン失敗が続き、アドレス、ネットワーク、アカウントの次の試行を待たせる。count は失敗回数。"};
inline constexpr Event login_lifted{"login.lifted", Level::Info, LogName::ServiceLog,
    "An operator lifted the penalties for failed logins of text.", "管理者が text のログイン失敗による待ち時間を解除した。"};

}  // namespace hikyaku::telemetry::events
