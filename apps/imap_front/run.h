// imap-front: the process that meets IMAP clients: TLS and the conversation until the login (protocol/imap/preauth.h),
// then it relays to imap-store. It opens no mailbox and reads no secret.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_imap_front(Service& service);

}  // namespace hikyaku::apps
