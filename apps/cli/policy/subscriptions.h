// hikyaku policy subscribe, unsubscribe, subscriptions, refresh.
#pragma once

#include "apps/cli/command.h"

namespace hikyaku::cli {

Command policy_subscribe_command();
Command policy_unsubscribe_command();
Command policy_subscriptions_command();
Command policy_refresh_command();

}  // namespace hikyaku::cli
