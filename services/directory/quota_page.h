// QuotaPage: the file run/quota-used, in which `deliver` tells `auth` how full the nearly full mailboxes are, so that mail for
// them is refused at RCPT. `auth` may not look into accounts; it knows every account's limit and learns here what is used.
//
// A report, never the truth: delivery keeps the exact check. A row counts only while its writer beats; what cannot be read,
// was torn or is old means "not known", and nothing is refused for it (docs/adr/0017).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "io/descriptor.h"
#include "mail/account_id.h"

namespace hikyaku::directory {

struct QuotaUsed {
  std::uint64_t octets = 0, messages = 0;
  friend bool operator==(const QuotaUsed&, const QuotaUsed&) = default;
};

class QuotaPage {
 public:
  static constexpr std::uint64_t highest_account = 4'000'000;  // 128 MB, of which only the rows in use take room
  static constexpr Duration heartbeat_limit = 30s;             // a writer silent for longer says nothing any more

  // Makes the file, or empties it: what a former process said is not known to be true. Null: `why` says so.
  [[nodiscard]] static std::unique_ptr<QuotaPage> open(const std::string& path, std::string& why);

  // Thread-safe, one system call. False: the row may still say what it said; do not beat until it is repeated.
  [[nodiscard]] bool publish(AccountId account, QuotaUsed used) const;
  // No row from now on: the account is far from full, or nobody watches it.
  [[nodiscard]] bool forget(AccountId account) const;
  // Every row is as true as it was when it was written a few seconds ago.
  void beat(Instant now) const;

 private:
  explicit QuotaPage(io::Descriptor file) : file_(std::move(file)) {}
  io::Descriptor file_;
};

// For the process that may read the file and nothing else of the writer's.
class QuotaReader {
 public:
  explicit QuotaReader(std::string path) : path_(std::move(path)) {}
  // Nothing: not known. Two system calls at most; the file need not be there yet. One thread.
  [[nodiscard]] std::optional<QuotaUsed> read(AccountId account, Instant now);
  // Whether the writer vouches for what it said: then an account without a row is one it says nothing of on purpose.
  [[nodiscard]] bool alive(Instant now);

 private:
  bool open();
  std::string path_;
  io::Descriptor file_;
};

}  // namespace hikyaku::directory
