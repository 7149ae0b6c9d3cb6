// Where `auth` keeps what it learned of logins, below the data folder, and where commands leave it orders.
#pragma once

#include <string_view>

namespace hikyaku::abuse {

inline constexpr std::string_view logins_folder = "logins", orders_folder = "logins/orders", answers_folder = "logins/answers";

}  // namespace hikyaku::abuse
