// Editor: how the directory is changed, by command line, API and console alike. Every change is checked against the
// whole directory it was made for, committed at once, and (with a SeenPage) waited for: when a function returns, every
// running service has seen the change. Blocking; errors are sentences for the person at the keyboard.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/directory/directory.h"
#include "services/directory/error.h"
#include "services/directory/secrets.h"
#include "services/directory/seen_page.h"

namespace hikyaku::directory {

class Editor {
 public:
  // `seen` may be null. A reader that has not followed within `follow_limit` is named in a NotSeen error (the change is
  // made all the same).
  Editor(storage::Engine& directory, storage::Engine& secrets, std::shared_ptr<SeenPage> seen, Duration follow_limit = 10s);

  DirectoryResult<std::shared_ptr<const Snapshot>> read() const;

  DirectoryResult<> add_domain(std::string_view name, DomainKind kind);
  DirectoryResult<> set_domain_kind(std::string_view name, DomainKind kind);
  DirectoryResult<> remove_domain(std::string_view name);  // InUse while it has accounts or aliases

  // `account.id` is given here. Its domain must be there and local. password nullopt: nobody can log in yet.
  DirectoryResult<AccountId> add_account(Account account, std::optional<std::string_view> password);
  DirectoryResult<AccountId> add_account_with_hash(Account account, std::string_view hash);
  // Everything but the id; a new address keeps the mail.
  DirectoryResult<> change_account(const Account& account);
  // The directory forgets it; its mail goes by Mailboxes::remove_account, which the caller runs next.
  DirectoryResult<Account> remove_account(std::string_view address);
  DirectoryResult<> set_password(std::string_view address, std::string_view password);
  DirectoryResult<> set_password_hash(std::string_view address, std::string_view hash);

  // Adds to the targets when the alias is there.
  DirectoryResult<> add_alias(std::string_view pattern, const std::vector<std::string>& targets);
  // Empty targets: the whole alias.
  DirectoryResult<> remove_alias(std::string_view pattern, const std::vector<std::string>& targets);

  // editor_forwards.cc. Replaces the account's forward.
  enum class Run : std::uint8_t { Really, Dry };
  struct NewForward {
    std::string account;  // its address
    Forward forward;      // without the account's id
  };
  DirectoryResult<> set_forward(const NewForward& forward, Run run = Run::Really);
  DirectoryResult<> clear_forward(std::string_view account, Run run = Run::Really);  // NotFound without one

  // editor_lists.cc. Members come and go apart from the list's other properties.
  DirectoryResult<> add_list(MailingList list, Run run = Run::Really);
  DirectoryResult<> change_list(std::string_view address, const std::function<void(MailingList&)>& change, Run run = Run::Really);
  DirectoryResult<> remove_list(std::string_view address, Run run = Run::Really);
  struct MembersChanged {
    std::size_t added = 0, removed = 0;
    std::vector<std::string> unchanged;  // members already, or none before
  };
  // Thousands at once are several commits, each whole; what is no address is BadValue before the first.
  DirectoryResult<MembersChanged> add_members(std::string_view list, const std::vector<std::string>& members, Run run = Run::Really);
  DirectoryResult<MembersChanged> remove_members(std::string_view list, const std::vector<std::string>& members, Run run = Run::Really);

  // `row` from 1: the place in the table; 0: at its end.
  DirectoryResult<> add_route(const Route& route, std::size_t row);
  DirectoryResult<> remove_route(std::string_view pattern);
  // Replaces the table by a gateway.dat, comments and all. A row that cannot be taken is BadValue and names its line:
  // nothing changes. `former`: Unavailable when the table is no longer this text (somebody else changed it meanwhile).
  DirectoryResult<> set_route_text(std::string_view text, const std::optional<std::string>& former = std::nullopt);
  DirectoryResult<> set_gateway(const std::optional<Route>& gateway);
  DirectoryResult<> set_forward_all(ForwardAll forward_all);

  DirectoryResult<> set_network(const Network& network);
  DirectoryResult<> remove_network(std::string_view prefix);
  DirectoryResult<> set_postmaster(std::string_view address);  // empty: the first admin, or without one each domain's first account

  // editor_holds.cc. `hold.id` and `created` are given here; its end must be to come. Ended holds that are old go.
  DirectoryResult<Hold> add_hold(Hold hold, WallTime now);
  // What is not given stays. A running hold keeps its start, an ended one everything.
  struct HoldChange {
    std::optional<std::string> reason = std::nullopt, owner = std::nullopt, other_route = std::nullopt;
    std::optional<HoldAction> action = std::nullopt;
    std::optional<WallTime> start = std::nullopt, end = std::nullopt;
  };
  DirectoryResult<Hold> change_hold(std::uint64_t id, const HoldChange& change, WallTime now);
  // Ends a running hold now.
  DirectoryResult<Hold> release_hold(std::uint64_t id, WallTime now);
  // Only one that has not begun: the time of the others stays out of retry periods.
  DirectoryResult<Hold> remove_hold(std::uint64_t id, WallTime now);

  // editor_suspension.cc. Stops an account's sending and holds what it has queued, in one commit: of several who try, one does, the others are
  // told AlreadyExists. `sessions`: its sessions, tickets and remembered passwords end too.
  enum class Sessions : std::uint8_t { GoOn, End };
  DirectoryResult<Suspension> suspend(AccountId account, std::string_view by, std::string why, Sessions sessions, WallTime now);
  // Of an account that is suspended or not.
  DirectoryResult<> end_sessions(AccountId account, WallTime now);
  // It may send again; its hold is released. NotFound: it is not suspended.
  DirectoryResult<Suspension> release_account(AccountId account, WallTime now);

  // editor_access.cc. A row of the same who, pattern and source is replaced. Thousands at once are several commits, each whole; what cannot be is
  // BadValue before the first.
  struct AccessChanged {
    std::size_t added = 0, replaced = 0, unchanged = 0;
  };
  DirectoryResult<AccessChanged> set_access(const std::vector<AccessRow>& rows, Run run = Run::Really);
  // How many went.
  DirectoryResult<std::size_t> remove_access(const std::function<bool(const AccessRow&)>& selects, Run run = Run::Really);

  // editor_rules.cc. Replaces the rules of the account, or with "*" those of all accounts; rules that say nothing go.
  DirectoryResult<> set_account_rules(std::string_view address, AccountRules rules, Run run = Run::Really);

  // editor_recipients.cc: users of inner servers. A check by a list that is empty is BadValue, and so is what is no address of the domain.
  DirectoryResult<> set_recipient_check(std::string_view domain, RecipientCheck check);
  // Thousands at once are several commits, each whole. Who is there by another source is there by both.
  DirectoryResult<MembersChanged> add_relay_recipients(std::string_view domain, const std::vector<std::string>& addresses, const std::string& source, WallTime now, Run run = Run::Really);
  // How many went. InUse: nobody would be left of a list that counts.
  DirectoryResult<std::size_t> remove_relay_recipients(std::string_view domain, const std::function<bool(const RelayRecipient&)>& selects, Run run = Run::Really);

  // editor_dkim.cc. The domain must be in the directory. A selector is used once.
  DirectoryResult<> add_dkim_key(DkimKey key);
  // What DNS says of a prepared key: since when its record is there; nothing: it is not. Changes nothing when that is known.
  DirectoryResult<> dkim_key_seen(std::string_view domain, std::string_view selector, std::optional<WallTime> published);
  // In the same commit the active key of the same algorithm retires.
  DirectoryResult<DkimKey> activate_dkim_key(std::string_view domain, std::string_view selector, WallTime now);
  DirectoryResult<DkimKey> retire_dkim_key(std::string_view domain, std::string_view selector, WallTime now);
  DirectoryResult<DkimKey> remove_dkim_key(std::string_view domain, std::string_view selector);  // InUse: it is active

  // Adds many and waits for the readers once. What is there already is skipped and reported by its place in `accounts`
  // (from 0), so is what is wrong; nothing stops the rest. Some hundred share a commit. A password costs some 90 ms of one processor, a hash nothing.
  struct NewAccount {
    Account account;
    std::string password;  // or
    std::string hash;
  };
  enum class Rejection : std::uint8_t { Wrong, ThereAlready };
  struct Rejected {
    std::size_t index;
    std::string why;
    Rejection rejection = Rejection::Wrong;
  };
  // `progress` is told after every few hundred how many were looked at.
  DirectoryResult<std::vector<Rejected>> add_accounts(std::vector<NewAccount> accounts, Run run,
                                                      const std::function<void(std::size_t)>& progress = {});
  DirectoryResult<std::vector<Rejected>> add_aliases(const std::vector<Alias>& aliases, Run run);
  DirectoryResult<std::vector<Rejected>> set_forwards(std::span<const NewForward> forwards, Run run);

 private:
  using Changes = std::vector<storage::Change>;
  static constexpr std::size_t rows_a_commit = 2'000;  // of those that come and go by thousands
  // Reads, lets `decide` fill a batch, commits it if nothing changed meanwhile, waits until it is seen. Dry: it only decides.
  DirectoryResult<> edit(const std::function<DirectoryResult<Changes>(const Snapshot&)>& decide, Run run = Run::Really);
  DirectoryResult<> wait_until_seen(storage::Version version) const;
  DirectoryResult<std::vector<Rejected>> add_part(std::span<NewAccount> accounts, Run run);
  DirectoryResult<MembersChanged> change_members(std::string_view list, const std::vector<std::string>& members, Enabled membership, Run run);
  DirectoryResult<std::uint64_t> last_hold() const;
  DirectoryResult<std::uint64_t> last_account() const;  // number of the newest id ever given; 0: none
  DirectoryResult<AccountId> add_account_with(Account account, const std::optional<Verifier>& verifier);

  storage::Engine& engine_;
  Secrets secrets_;
  std::shared_ptr<SeenPage> seen_;
  Duration follow_limit_;
};

// Whether the text can be an alias's pattern: "name@domain", "prefix*@domain", "*@domain".
[[nodiscard]] DirectoryResult<std::string> normal_alias_pattern(std::string_view pattern);

}  // namespace hikyaku::directory
