// pop3-front: meets POP3 clients, has TLS, logs them in by `auth` and relays them to pop3-store.
#pragma once

#include "apps/front/front.h"

namespace hikyaku::apps {

int run_pop3_front(Service& service);

// The rules of POP3 for the front; for run_pop3_front() and tests.
[[nodiscard]] front::Kind pop3_kind();

}  // namespace hikyaku::apps
