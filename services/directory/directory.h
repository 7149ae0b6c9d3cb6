// The directory: domains, accounts, aliases, routes and listed networks. It lives in the engine's partition
// "directory", is edited live by the command line, API and console, and cached whole by every service that reads it.
//
// Snapshot: everything at one version, immutable, answers without waiting. Reader: keeps a service's snapshot fresh.
// Editor: changes it (services/directory/editor.h). Fronts (receive, imap-front, pop3-front) read no directory: they
// ask `auth` through services/directory/auth_client.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/directory/access.h"
#include "services/directory/account_rules.h"
#include "services/directory/dkim_key.h"
#include "services/directory/hold.h"
#include "services/directory/suspension.h"
#include "services/directory/types.h"
#include "storage/engine.h"

namespace hikyaku::directory {

inline const storage::PartitionName partition{"directory"};

struct Contents {
  std::vector<Domain> domains;
  std::vector<Account> accounts;
  std::vector<Alias> aliases;
  std::vector<Route> routes;      // in the order of matching
  std::string route_text;         // the same as the operator wrote them: gateway.dat with its comments
  std::optional<Route> gateway;   // the global SMTP gateway, where no row matches
  ForwardAll forward_all = ForwardAll::No;
  std::vector<Network> networks;
  std::vector<Forward> forwards;
  std::vector<MailingList> lists;   // by address
  std::vector<Hold> holds;        // by id; ended ones for a while
  std::vector<AccessRow> access;  // by who, pattern and source
  std::vector<Suspension> suspensions;  // by account; those that are over too
  std::vector<DkimKey> dkim_keys;   // by domain, then selector
  std::vector<AccountRules> account_rules;  // by account
  std::vector<RelayRecipient> relay_recipients;  // by domain, then local part
  std::string postmaster;         // the address that gets postmaster@ of every local domain; empty: the first admin, or without one the domain's first account
  storage::Version version;
};

struct RouteDecision {
  std::shared_ptr<const Route> route;  // null: hosts file, then MX
  std::size_t row = 0;                 // from 1: which row of the table; 0 with a route: the global gateway
};

class Snapshot {
 public:
  explicit Snapshot(Contents contents);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;

  // What RCPT and delivery do with `recipient`: account, alias (followed to at most 10 levels and 1,000 targets), relay
  // domain ... Hash look-ups and, for `prefix*@domain` aliases, the prefixes of that domain. postmaster@ of a local domain is Local once there is an account.
  // At most `most` targets: what is beyond is left out and said (truncated). Costs about a microsecond a target.
  static constexpr std::size_t most_targets = 50'000;
  static constexpr int most_alias_levels = 10;
  [[nodiscard]] Resolution resolve(const Address& recipient, std::size_t most = most_targets, Aliases aliases = Aliases::Follow) const;
  // gateway.dat: the first matching row, else the global gateway. Linear in the rows with '*' inside, hashed for the rest.
  [[nodiscard]] RouteDecision route(const Address& recipient, const ReversePath& sender) const;

  [[nodiscard]] const Account* account(AccountId id) const;
  [[nodiscard]] const Account* account(const Address& address) const;  // the account's own address only
  // For the operator: each of the alias's own targets that leads nowhere. A resolution for each target.
  [[nodiscard]] std::vector<LostTarget> lost_targets(const Alias& alias) const;
  // The same for a forward's targets or a list's members.
  [[nodiscard]] std::vector<LostTarget> lost_targets(const std::vector<std::string>& targets) const;
  [[nodiscard]] const Alias* alias(const std::string& pattern) const;  // as it is written, in its normal form; no matching
  [[nodiscard]] const Domain* domain(std::string_view name) const;     // any case
  [[nodiscard]] const Forward* forward(AccountId account) const;
  // That is in force.
  [[nodiscard]] const Suspension* suspension(AccountId account) const;
  [[nodiscard]] const Suspension* last_suspension(AccountId account) const;  // that may be over
  // Whether a login of that time still counts: nothing has ended the account's sessions since.
  [[nodiscard]] bool login_counts(AccountId account, WallTime at) const;
  [[nodiscard]] const MailingList* list(const Address& address) const;  // the list's own address only
  // The list whose copies have this reverse-path.
  [[nodiscard]] const MailingList* list_of_bounces(const Address& address) const;
  // Of exactly this domain (folded), in the order of selectors.
  [[nodiscard]] std::span<const DkimKey> dkim_keys(std::string_view domain) const;
  // Null: none. Account 0: those of all.
  [[nodiscard]] const AccountRules* account_rules(AccountId account) const;
  // Of exactly this domain (folded), in the order of local parts.
  [[nodiscard]] std::span<const RelayRecipient> relay_recipients(std::string_view domain) const;
  [[nodiscard]] const RelayRecipient* relay_recipient(std::string_view domain, std::string_view local_part) const;  // both folded
  // Whether a list names the user, with or without a subaddress ("user+detail"). Whether the list counts is the domain's to say.
  [[nodiscard]] bool is_relay_recipient(const Address& recipient) const;
  // The account's address and every alias (catch-alls too) that leads to it may be its MAIL FROM. The null path may always.
  [[nodiscard]] bool owns(AccountId id, const ReversePath& reverse_path) const;
  // The rights of a client's network: the longest matching prefix. Nothing listed: no rights.
  [[nodiscard]] Network network(std::string_view client_address) const;
  [[nodiscard]] const Contents& contents() const;
  [[nodiscard]] storage::Version version() const;

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

// Reads the whole directory (blocking; 1 ms for 100 accounts, about 0.5 s for 100,000).
storage::StoreResult<std::shared_ptr<const Snapshot>> load(storage::Engine& engine, Deadline deadline);

// Where running readers publish the version they have seen, so that a command returns when all have it
// (services/directory/seen_page.h).
class SeenPage;

// Keeps a snapshot fresh: looks at the partition's version on every ring of its watch and every 250 ms at least, in a
// thread of its own.
class Reader {
 public:
  // `seen` may be null (tests, tools).
  Reader(storage::Engine& engine, std::shared_ptr<SeenPage> seen, std::string service_name);
  ~Reader();
  // Checked against the store within the last second; null when the store has not answered for longer: a temporary
  // failure (4xx) for whoever asks. Never waits; thread-safe.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  // For things that must not stop with the directory (routes of mail already accepted): the newest ever read.
  [[nodiscard]] std::shared_ptr<const Snapshot> newest() const;
  // Called on the reader's thread after each new version.
  void on_change(std::function<void()> callback);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hikyaku::directory
