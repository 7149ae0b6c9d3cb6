// LoginMemory: which passwords were verified a short time ago, so that a client that logs in every minute does not cost
// an argon2id each time. Keeps no password: only a keyed hash over account, verifier and password, under a key that lives
// in this process alone. A new password changes the verifier, so what is kept of the old one matches nothing.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "mail/account_id.h"
#include "services/directory/verifier.h"

namespace hikyaku::directory {

class LoginMemory {
 public:
  static constexpr std::size_t most_entries = 50'000;
  LoginMemory();
  [[nodiscard]] bool knows(AccountId account, const Verifier& verifier, std::string_view password, Instant now);
  // What tells one wrong password from another; means nothing to anybody else.
  [[nodiscard]] std::uint64_t fingerprint(std::string_view user, std::string_view password) const;
  void remember(AccountId account, const Verifier& verifier, std::string_view password, Instant until);

 private:
  [[nodiscard]] std::string key_of(AccountId account, const Verifier& verifier, std::string_view password) const;
  std::string secret_;
  std::unordered_map<std::string, Instant> until_;
  std::list<std::string> ages_;
};

}  // namespace hikyaku::directory
