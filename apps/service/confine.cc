#include "apps/service/confine.h"

#include <sys/prctl.h>

namespace hikyaku::apps {

std::string confine(std::string_view process, const settings::Settings& settings) {
  (void)process, (void)settings;
  // No other process of the same user may look into this one, and nothing it executes can gain rights.
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "confinement is not possible on this system";
  return "";
}

}  // namespace hikyaku::apps
