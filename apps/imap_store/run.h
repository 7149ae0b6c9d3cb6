// imap-store: the process that opens mailboxes for IMAP. It never meets a client that is not logged in: imap-front hands
// over one end of a socketpair for each (apps/front/store_door.h), and one coroutine serves it.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_imap_store(Service& service);

}  // namespace hikyaku::apps
