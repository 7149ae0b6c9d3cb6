// The process `receive` (E-Post's EPSTRS): SMTP, submission and LMTP in, until a message is durable in the incoming journal.
// It opens no database and knows no secret: recipients and logins are asked of `auth`, texts go to its own journal.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_receive(Service& service);

}  // namespace hikyaku::apps
