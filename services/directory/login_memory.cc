#include "services/directory/login_memory.h"

#include "base/wire.h"
#include "protocol/sasl/scram_keys.h"

namespace hikyaku::directory {

LoginMemory::LoginMemory() : secret_(random_octets(32)) {}

std::string LoginMemory::key_of(AccountId account, const Verifier& verifier, std::string_view password) const {
  WireWriter text;
  text.u64(account.value()).text(verifier.hash).text(password);
  return sasl::hmac_sha256(secret_, text.bytes());
}

bool LoginMemory::knows(AccountId account, const Verifier& verifier, std::string_view password, Instant now) {
  const auto found = until_.find(key_of(account, verifier, password));
  return found != until_.end() && now < found->second;
}

std::uint64_t LoginMemory::fingerprint(std::string_view user, std::string_view password) const {
  WireWriter text;
  text.text(user).text(password);
  return WireReader(sasl::hmac_sha256(secret_, text.bytes())).u64();
}

void LoginMemory::remember(AccountId account, const Verifier& verifier, std::string_view password, Instant until) {
  auto key = key_of(account, verifier, password);
  const auto [entry, is_new] = until_.insert_or_assign(key, until);
  if (!is_new) return;
  ages_.push_back(std::move(key));
  if (ages_.size() <= most_entries) return;
  until_.erase(ages_.front());
  ages_.pop_front();
}

}  // namespace hikyaku::directory
