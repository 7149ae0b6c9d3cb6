#include "services/directory/srs_secrets.h"

#include <algorithm>

#include "services/directory/address_text.h"
#include "services/directory/verifier.h"

namespace hikyaku::directory {
namespace {

const storage::PartitionName partition_of_secrets{"srs"};
constexpr std::size_t secret_octets = 32;
const std::string first_key = "1";

}  // namespace

DirectoryResult<storage::Version> SrsSecrets::read(Deadline deadline) {
  const auto page = engine_.scan(partition_of_secrets, {}, deadline);
  if (!page) return refuse(page.error());
  auto found = std::make_shared<srs::Secrets>();
  for (const auto& row : page->rows)
    if (row.value.size() >= srs::least_secret_octets) found->push_back(row.value);
  std::ranges::reverse(*found);  // the newest signs
  const std::lock_guard lock(mutex_);
  known_ = std::move(found);
  return page->version;
}

DirectoryResult<> SrsSecrets::prepare(Deadline deadline) {
  for (;;) {
    TRY(version, read(deadline));
    if (!current()->empty()) return {};
    storage::Batch batch;
    batch.changes.emplace_back(storage::ExpectVersion{version});
    batch.changes.emplace_back(storage::Put{first_key, random_octets(secret_octets)});
    const auto made = engine_.commit(partition_of_secrets, batch, storage::Durability::Flushed, deadline);
    if (!made && made.error().kind != storage::StoreFailure::Conflict && made.error().kind != storage::StoreFailure::OutcomeUnknown) return refuse(made.error());
  }
}

std::shared_ptr<const srs::Secrets> SrsSecrets::current() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

std::optional<Result<Address, srs::Refusal>> rewritten_sender(const Snapshot& directory, const Address& recipient, const srs::Secrets& secrets, WallTime when) {
  if (secrets.empty() || !srs::looks_rewritten(recipient) || !directory.domain(recipient.domain)) return std::nullopt;
  if (directory.account(recipient) || directory.list(recipient) || directory.alias(fold(recipient))) return std::nullopt;
  return srs::restore(recipient, secrets, when);
}

}  // namespace hikyaku::directory
