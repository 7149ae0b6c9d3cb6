#include "services/directory/login_secrets.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/cursor.h"

namespace hikyaku::directory {
namespace {

const storage::PartitionName logins{"route-logins"};
constexpr std::size_t most_secret_octets = 8'192, most_user_octets = 255;  // access tokens are some 2,000 octets long

void wipe(std::string& secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace

LoginSecrets::~LoginSecrets() {
  for (auto& [user, secret] : known_) wipe(secret);
}

DirectoryResult<> LoginSecrets::set(std::string_view user, std::string_view secret, Deadline deadline) {
  if (user.empty() || user.size() > most_user_octets || std::ranges::any_of(user, is_ctl))
    return refuse(DirectoryFailure::BadValue, "The user must be the name after login= in the route; write it as it stands there.");
  if (secret.empty() || secret.size() > most_secret_octets || std::ranges::any_of(secret, is_ctl))
    return refuse(DirectoryFailure::BadValue, "The secret must have 1 to 8,192 characters and no line ends; give the password or token alone.");
  storage::Batch batch;
  batch.changes.emplace_back(storage::Put{std::string(user), std::string(secret)});
  const auto done = engine_.commit(logins, std::move(batch), storage::Durability::Flushed, deadline);
  if (!done) return refuse(done.error());
  return {};
}

DirectoryResult<> LoginSecrets::remove(std::string_view user, Deadline deadline) {
  const auto there = engine_.get(logins, std::string(user), deadline);
  if (!there) return refuse(there.error());
  if (!*there) return refuse(DirectoryFailure::NotFound, "There is no secret of " + std::string(user) + "; see: hikyaku route secret");
  storage::Batch batch;
  batch.changes.emplace_back(storage::Erase{std::string(user)});
  const auto done = engine_.commit(logins, std::move(batch), storage::Durability::Flushed, deadline);
  if (!done) return refuse(done.error());
  return {};
}

DirectoryResult<LoginSecrets::Known> LoginSecrets::read(Deadline deadline, storage::Version& version) const {
  Known known;
  storage::Scan range;
  for (bool first = true;; first = false) {
    const auto page = engine_.scan(logins, range, deadline);
    if (!page) return refuse(page.error());
    if (first) version = page->version;
    for (const auto& row : page->rows) known.insert_or_assign(row.key, row.value);
    if (!page->more || page->rows.empty()) return known;
    range.from = page->rows.back().key + '\0';
  }
}

DirectoryResult<std::vector<std::string>> LoginSecrets::users(Deadline deadline) const {
  storage::Version version;
  TRY(known, read(deadline, version));
  std::vector<std::string> names;
  for (auto& [user, secret] : known) {
    names.push_back(user);
    wipe(secret);
  }
  std::ranges::sort(names);
  return names;
}

DirectoryResult<> LoginSecrets::refresh(Deadline deadline) {
  const auto now = engine_.version(logins, deadline);
  if (!now) return refuse(now.error());
  if (version_ == *now) return {};
  storage::Version version;
  TRY(known, read(deadline, version));
  const std::lock_guard lock(mutex_);
  known_.swap(known);
  version_ = version;
  for (auto& [user, secret] : known) wipe(secret);
  return {};
}

std::optional<std::string> LoginSecrets::find(std::string_view user) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(std::string(user));
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

}  // namespace hikyaku::directory
