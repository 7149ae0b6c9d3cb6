// Events about guessed passwords and accounts that somebody else sends from. They stand in all_events() too.
#pragma once

#include "services/telemetry/event.h"

namespace hikyaku::telemetry::events {

inline constexpr Event login_slowed{"login.slowed", Level::Warning, LogName::ServiceLog,
    "After failed logins an address, a network or an account has to wait longer for the next try; count says how many failed.",
    "ログイン失敗が続き、アドレス、ネットワーク、アカウントの次の試行を待たせる。count は失敗回数。"};
inline constexpr Event login_lifted{"login.lifted", Level::Info, LogName::ServiceLog,
    "An operator lifted the penalties for failed logins of text.", "管理者が text のログイン失敗による待ち時間を解除した。"};
inline constexpr Event account_unusual{"account.unusual", Level::Warning, LogName::ServiceLog,
    "An account is used as it never was, by what it sends or by a login from a new country; told once a day. With mode shadow it would have been suspended.",
    "アカウントの使われ方がふだんと異なる(送信、または新しい国からのログイン。1 日 1 回だけ記録)。mode が shadow なら、本来は停止していた。"};
inline constexpr Event account_suspended{"account.suspended", Level::Error, LogName::ServiceLog,
    "An account may not send any more: somebody else seems to; what it had queued is held.",
    "アカウントの送信を停止した。乗っ取りの疑いがある。配送待ちのメールは保留した。"};
inline constexpr Event countries_opened{"countries.opened", Level::Info, LogName::ServiceLog,
    "The database of countries in text is in force.", "国のデータベース text を使い始めた。"};
inline constexpr Event countries_refused{"countries.refused", Level::Warning, LogName::ServiceLog,
    "The database of [abuse] country_database cannot be used. The former one stays in force; without a former one countries are not looked at.",
    "[abuse] country_database のデータベースを使えない。前のもののまま動く。前のものがなければ国は見ない。"};
inline constexpr Event account_released{"account.released", Level::Info, LogName::ServiceLog,
    "An account may send again.", "アカウントの送信停止を解除した。"};

}  // namespace hikyaku::telemetry::events
