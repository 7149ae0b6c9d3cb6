// The `signer` process: sole holder of private DKIM keys; gives deliver signatures over digests (services/signing/sign_service.h).
// Opens the folder of keys, for reading, and nothing else.
#pragma once

#include "apps/service/service.h"

namespace hikyaku::apps {

int run_signer(Service& service);

}  // namespace hikyaku::apps
