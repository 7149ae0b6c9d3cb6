// pop3-store: the POP3 sessions of logged-in clients over the mailbox store. It meets nobody who has not logged in.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_pop3_store(Service& service);

}  // namespace hikyaku::apps
