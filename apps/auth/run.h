// The `auth` process: sole reader of password verifiers; answers the fronts' questions about logins, recipients and
// senders (services/directory/auth_service.h). Opens the directory and the secrets, and nothing else.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_auth(Service& service);

}  // namespace hikyaku::apps
