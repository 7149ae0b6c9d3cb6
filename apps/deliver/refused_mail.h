// RefusedMail: recipients of accounts' mail whom other servers refused, told to `auth`, who finds out whether somebody else sends with an
// account's password (docs/adr/0032-abuse.md). What cannot be told within its bounds is lost: it is a hint, never more.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "apps/service/service.h"
#include "base/task.h"
#include "io/loop.h"
#include "services/directory/auth_client.h"
#include "services/directory/directory.h"

namespace hikyaku::apps {

class RefusedMail {
 public:
  RefusedMail(Service& service, io::Loop& loop, const directory::Reader& directory);
  void count(const std::string& account);  // its address; on the loop
  Task<void> run();                        // until the loop stops

 private:
  static constexpr std::size_t most_accounts = 10'000;
  Task<bool> tell(std::string account, std::uint32_t refused);  // false: later

  Service& service_;
  io::Loop& loop_;
  const directory::Reader& directory_;
  directory::AuthClient auth_;
  std::map<std::string, std::uint32_t> refused_;
};

}  // namespace hikyaku::apps
