#include "services/directory/secrets.h"

namespace hikyaku::directory {

namespace {

const storage::PartitionName secrets_partition{"secrets"};
constexpr std::string_view server_secret_key = "k";

std::string verifier_key(AccountId account) {
  std::string key(1, 's');
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(account.value() >> shift & 0xff);
  return key;
}

}  // namespace

DirectoryResult<std::optional<Verifier>> Secrets::find(AccountId account, Deadline deadline) const {
  auto octets = engine_.get(secrets_partition, verifier_key(account), deadline);
  if (!octets) return refuse(octets.error());
  if (!*octets) return std::nullopt;
  auto verifier = Verifier::decode(**octets);
  if (!verifier)
    return refuse(DirectoryFailure::Unavailable, "The password record of account " + std::to_string(account.value()) + " cannot be read; set the password again.");
  return verifier;
}

DirectoryResult<> Secrets::set(const std::vector<std::pair<AccountId, Verifier>>& verifiers, Deadline deadline) {
  if (verifiers.empty()) return {};
  storage::Batch batch;
  for (const auto& [account, verifier] : verifiers) batch.changes.emplace_back(storage::Put{verifier_key(account), verifier.encode()});
  const auto done = engine_.commit(secrets_partition, std::move(batch), storage::Durability::Flushed, deadline);
  if (!done) return refuse(done.error());
  return {};
}

DirectoryResult<bool> Secrets::replace(AccountId account, const Verifier& expected, const Verifier& verifier, Deadline deadline) {
  storage::Batch batch;
  batch.changes.emplace_back(storage::ExpectValue{verifier_key(account), expected.encode()});
  batch.changes.emplace_back(storage::Put{verifier_key(account), verifier.encode()});
  const auto done = engine_.commit(secrets_partition, std::move(batch), storage::Durability::Flushed, deadline);
  if (!done && done.error().kind == storage::StoreFailure::Conflict) return false;
  if (!done) return refuse(done.error());
  return true;
}

DirectoryResult<> Secrets::remove(AccountId account, Deadline deadline) {
  storage::Batch batch;
  batch.changes.emplace_back(storage::Erase{verifier_key(account)});
  const auto done = engine_.commit(secrets_partition, std::move(batch), storage::Durability::Flushed, deadline);
  if (!done) return refuse(done.error());
  return {};
}

DirectoryResult<std::string> Secrets::server_secret(Deadline deadline) {
  for (int tries = 0; tries < 3; ++tries) {
    auto kept = engine_.get(secrets_partition, server_secret_key, deadline);
    if (!kept) return refuse(kept.error());
    if (*kept) return std::move(**kept);
    storage::Batch batch;
    batch.changes.emplace_back(storage::ExpectValue{std::string(server_secret_key), std::nullopt});
    batch.changes.emplace_back(storage::Put{std::string(server_secret_key), random_octets(32)});
    const auto made = engine_.commit(secrets_partition, std::move(batch), storage::Durability::Flushed, deadline);
    if (!made && made.error().kind != storage::StoreFailure::Conflict) return refuse(made.error());
  }
  return refuse(DirectoryFailure::Unavailable, "The server's secret could not be made; look at the disk and start auth again.");
}

DirectoryResult<std::unordered_set<std::uint64_t>> Secrets::accounts_without_scram(Deadline deadline) const {
  std::unordered_set<std::uint64_t> accounts;
  storage::Scan range{.from = "s", .until = "t"};
  for (;;) {
    auto page = engine_.scan(secrets_partition, range, deadline);
    if (!page) return refuse(page.error());
    for (const auto& row : page->rows) {
      const auto verifier = Verifier::decode(row.value);
      if (verifier && verifier->scram) continue;
      std::uint64_t id = 0;
      for (const char c : row.key.substr(1)) id = id << 8 | static_cast<unsigned char>(c);
      accounts.insert(id);
    }
    if (!page->more || page->rows.empty()) return accounts;
    range.from = page->rows.back().key + '\0';
  }
}

DirectoryResult<storage::Version> Secrets::version(Deadline deadline) const {
  auto version = engine_.version(secrets_partition, deadline);
  if (!version) return refuse(version.error());
  return *version;
}

}  // namespace hikyaku::directory
