// SrsSecrets: what the senders of forwarded mail are signed with (protocol/srs). They stand in an engine of their own, whose
// folder only `deliver`, which signs, and `auth`, which answers for the bounces at RCPT, may open. Reads are from memory.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "protocol/srs/srs.h"
#include "services/directory/directory.h"
#include "services/directory/error.h"

namespace hikyaku::directory {

class SrsSecrets {
 public:
  explicit SrsSecrets(storage::Engine& engine) : engine_(engine) {}
  SrsSecrets(const SrsSecrets&) = delete;
  SrsSecrets& operator=(const SrsSecrets&) = delete;

  // Blocking. Makes the first secret where there is none; two processes that begin at once agree on one.
  DirectoryResult<> prepare(Deadline deadline);
  // Blocking. Those that there are, or none; the version of what was read.
  DirectoryResult<storage::Version> read(Deadline deadline);
  // As of the last of these; never null, empty before it. Never waits; thread-safe.
  [[nodiscard]] std::shared_ptr<const srs::Secrets> current() const;

 private:
  storage::Engine& engine_;
  mutable std::mutex mutex_;
  std::shared_ptr<const srs::Secrets> known_ = std::make_shared<const srs::Secrets>();
};

// Whom a bounce to `recipient` is for, or why it is refused, when that is a rewritten sender's address in a domain here and
// nobody has it for a name. Nothing: an address as any other. `when`: the time that counts for its age.
[[nodiscard]] std::optional<Result<Address, srs::Refusal>> rewritten_sender(const Snapshot& directory, const Address& recipient,
                                                                            const srs::Secrets& secrets, WallTime when);

}  // namespace hikyaku::directory
