// CertificateKeeper: the files of [tls], which only the privileged parent may open, and the last pair in them that could be
// used. A service that is started while a renewal is half written gets the former pair, as one that runs keeps it.
#pragma once

#include <string>

#include "apps/service/service.h"

namespace hikyaku::apps {

class CertificateKeeper {
 public:
  // The files that the settings file names; an empty certificate: none, and what was kept is forgotten.
  void follow(std::string certificate_path, std::string key_path);
  // Reads both files anew (1 MiB each at most) and tries a pair that it does not know yet in a child without rights. Blocks for
  // milliseconds.
  [[nodiscard]] TlsMaterial material();

 private:
  std::string certificate_path_, key_path_;
  TlsMaterial usable_;
};

}  // namespace hikyaku::apps
