#include "apps/hikyaku/processes.h"

#include "apps/auth/run.h"
#include "apps/deliver/run.h"
#include "apps/imap_front/run.h"
#include "apps/imap_store/run.h"
#include "apps/pop3_front/run.h"
#include "apps/pop3_store/run.h"
#include "apps/receive/run.h"
#include "apps/signer/run.h"
#include "apps/virusdb/run.h"
#include "apps/watch/run.h"

namespace hikyaku::apps {

std::span<const ProcessFunction> process_functions() {
  static const std::vector<ProcessFunction> functions = {
      {"auth", run_auth},
      {"receive", run_receive},
      {"deliver", run_deliver},
      {"imap-front", run_imap_front},
      {"imap-store", run_imap_store},
      {"pop3-front", run_pop3_front},
      {"pop3-store", run_pop3_store},
      {"signer", run_signer},
      {"virusdb", run_virusdb},
      {"watch", run_watch},
  };
  return functions;
}

}  // namespace hikyaku::apps
