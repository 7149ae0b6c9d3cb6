// LoginSecrets: what Hikyaku logs in with at other servers, by user name: passwords and access tokens, which must be kept
// as they are. They stand in an engine of their own, whose folder only `deliver` and the command line may open.
// Reads are served from memory; refresh() follows changes.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/directory/error.h"
#include "storage/engine.h"

namespace hikyaku::directory {

class LoginSecrets {
 public:
  explicit LoginSecrets(storage::Engine& engine) : engine_(engine) {}
  LoginSecrets(const LoginSecrets&) = delete;
  LoginSecrets& operator=(const LoginSecrets&) = delete;
  ~LoginSecrets();  // wipes what is in memory

  // Blocking.
  DirectoryResult<> set(std::string_view user, std::string_view secret, Deadline deadline);
  DirectoryResult<> remove(std::string_view user, Deadline deadline);  // NotFound
  DirectoryResult<std::vector<std::string>> users(Deadline deadline) const;
  // Reads everything anew when the store has changed since; cheap when it has not.
  DirectoryResult<> refresh(Deadline deadline);

  // As of the last refresh(). Never waits; thread-safe.
  [[nodiscard]] std::optional<std::string> find(std::string_view user) const;

 private:
  using Known = std::unordered_map<std::string, std::string>;
  DirectoryResult<Known> read(Deadline deadline, storage::Version& version) const;

  storage::Engine& engine_;
  mutable std::mutex mutex_;
  Known known_;
  std::optional<storage::Version> version_;
};

}  // namespace hikyaku::directory
