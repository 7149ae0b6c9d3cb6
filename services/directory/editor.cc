#include "services/directory/editor.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <unordered_set>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "services/directory/address_text.h"
#include "services/directory/gateway_text.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {

using storage::Erase;
using storage::Put;

namespace {

constexpr Duration store_limit = 30s;
constexpr std::size_t most_accounts_per_commit = 250;

Deadline soon() { return std::chrono::steady_clock::now() + store_limit; }

std::unexpected<DirectoryError> no_domain(std::string_view name) {
  return refuse(DirectoryFailure::NotFound, "There is no domain " + std::string(name) + "; add it with: hikyaku domain add " + std::string(name));
}
std::unexpected<DirectoryError> no_account(std::string_view address) {
  return refuse(DirectoryFailure::NotFound, "There is no account " + std::string(address) + "; see: hikyaku account list");
}

DirectoryResult<const Account*> find_account(const Snapshot& snapshot, std::string_view address) {
  const auto parsed = parse_address(address);
  const auto* account = parsed ? snapshot.account(*parsed) : nullptr;
  if (!account) return no_account(address);
  return account;
}

// "" when the account may be added or changed so.
std::string why_not(const Snapshot& snapshot, const Account& account) {
  const auto name = account.address.text();
  if (!parse_address(name) || account.address.local_part.find('*') != std::string::npos)
    return "\"" + name + "\" is not an address an account can have; write user@domain.";
  const auto* domain = snapshot.domain(account.address.domain);
  if (!domain) return "There is no domain " + account.address.domain + "; add it with: hikyaku domain add " + account.address.domain;
  if (domain->kind == DomainKind::Relay)
    return account.address.domain + " is a relay domain: its accounts are on another server; make it local first.";
  if (snapshot.list(account.address)) return "There is a mailing list " + name + "; choose another address.";
  const auto* there = snapshot.account(account.address);
  if (there && there->id != account.id) return "There is an account " + name + " already; choose another address.";
  return {};
}

// What is wrong with a row's hash goes to its place in `wrong`.
void check_hashes(std::span<const Editor::NewAccount> accounts, std::vector<std::string>& wrong) {
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!wrong[i].empty() || accounts[i].hash.empty()) continue;
    if (auto hash = import_hash(accounts[i].hash); !hash) wrong[i] = std::move(hash).error();
  }
}

// Passwords are made slow to guess on all processors: some 90 ms each.
void make_verifiers(std::span<const Editor::NewAccount> accounts, std::vector<std::string>& wrong,
                    std::vector<std::optional<Verifier>>& verifiers) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < accounts.size(); i = next++) {
      const auto& row = accounts[i];
      if (!wrong[i].empty() || (row.hash.empty() && row.password.empty())) continue;
      auto made = row.hash.empty() ? make_verifier(row.password) : import_hash(row.hash);
      if (made) verifiers[i] = std::move(*made);
      else wrong[i] = std::move(made).error();
    }
  };
  std::vector<std::jthread> helpers;
  for (unsigned n = 1; n < std::max(1u, std::thread::hardware_concurrency()); ++n) helpers.emplace_back(work);
  work();
}

std::vector<storage::Change> account_rows(const Account& account) {
  return {Put{rows::account_key(account.id), rows::encode(account)},
          Put{rows::address_key(account.address), std::to_string(account.id.value())}};
}

// The table as rows; the old ones go.
std::vector<storage::Change> route_rows(std::string_view text) {
  std::vector<storage::Change> changes{storage::EraseRange{"r", "s"}};
  std::uint32_t number = 0;
  for (auto& piece : rows::encode_route_text(text)) changes.emplace_back(Put{rows::route_key(number++), std::move(piece)});
  return changes;
}

}  // namespace

Editor::Editor(storage::Engine& directory, storage::Engine& secrets, std::shared_ptr<SeenPage> seen, Duration follow_limit)
    : engine_(directory), secrets_(secrets), seen_(std::move(seen)), follow_limit_(follow_limit) {}

DirectoryResult<std::shared_ptr<const Snapshot>> Editor::read() const {
  auto snapshot = load(engine_, soon());
  if (!snapshot) return refuse(snapshot.error());
  return std::move(*snapshot);
}

DirectoryResult<> Editor::edit(const std::function<DirectoryResult<Changes>(const Snapshot&)>& decide, Run run) {
  if (run == Run::Dry) {
    TRY(snapshot, read());
    TRY_VOID(decide(*snapshot));
    return {};
  }
  const auto request = random_octets(16);
  for (int tries = 0; tries < 50; ++tries) {
    TRY(snapshot, read());
    TRY(changes, decide(*snapshot));
    if (changes.empty()) return wait_until_seen(snapshot->version());
    if (changes.size() + 1 > engine_.limits().batch_changes)
      return refuse(DirectoryFailure::BadValue, "Too much would change at once; do it in smaller steps.");
    storage::Batch batch{.request = storage::RequestId{request + static_cast<char>(tries)}};
    batch.changes.emplace_back(storage::ExpectVersion{snapshot->version()});
    batch.changes.insert(batch.changes.end(), std::make_move_iterator(changes.begin()), std::make_move_iterator(changes.end()));
    auto done = engine_.commit(partition, batch, storage::Durability::Flushed, soon());
    for (int again = 0; !done && done.error().kind == storage::StoreFailure::OutcomeUnknown && again < 3; ++again)
      done = engine_.commit(partition, batch, storage::Durability::Flushed, soon());
    if (done) return wait_until_seen(done->version);
    if (done.error().kind != storage::StoreFailure::Conflict) return refuse(done.error());
  }
  return refuse(DirectoryFailure::Unavailable, "Others keep changing the directory; try again in a moment.");
}

DirectoryResult<> Editor::wait_until_seen(storage::Version version) const {
  if (!seen_) return {};
  const auto behind = seen_->wait_until_seen(version, std::chrono::steady_clock::now() + follow_limit_);
  if (behind.empty()) return {};
  std::string names;
  for (const auto& name : behind) names += (names.empty() ? "" : ", ") + name;
  return refuse(DirectoryFailure::NotSeen, "The change is made, but these services have not taken it up yet: " + names + "; look at them with: hikyaku status");
}

// ---- domains ---------------------------------------------------------------------------------------------------------

DirectoryResult<> Editor::add_domain(std::string_view name, DomainKind kind) {
  const auto lower = fold_domain(name);
  if (!is_domain(lower) || lower.front() == '[')
    return refuse(DirectoryFailure::BadValue, "\"" + std::string(name) + "\" is not a domain name; write one such as example.jp.");
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    if (snapshot.domain(lower)) return refuse(DirectoryFailure::AlreadyExists, "There is a domain " + lower + " already; nothing was changed.");
    return Changes{Put{rows::domain_key(lower), rows::encode(Domain{lower, kind})}};
  });
}

DirectoryResult<> Editor::set_domain_kind(std::string_view name, DomainKind kind) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto* domain = snapshot.domain(name);
    if (!domain) return no_domain(name);
    const auto& accounts = snapshot.contents().accounts;
    if (kind == DomainKind::Relay && std::ranges::any_of(accounts, [&](const auto& a) { return a.address.domain == domain->name; }))
      return refuse(DirectoryFailure::InUse, domain->name + " has accounts here, so it cannot become a relay domain; remove them first.");
    const auto check = kind == DomainKind::Local ? RecipientCheck::Any : domain->recipients;
    return Changes{Put{rows::domain_key(domain->name), rows::encode(Domain{domain->name, kind, check})}};
  });
}

DirectoryResult<> Editor::remove_domain(std::string_view name) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto* domain = snapshot.domain(name);
    if (!domain) return no_domain(name);
    const auto ending = "@" + domain->name;
    const auto accounts = std::ranges::count_if(snapshot.contents().accounts, [&](const auto& a) { return a.address.domain == domain->name; });
    const auto aliases = std::ranges::count_if(snapshot.contents().aliases, [&](const auto& a) { return a.pattern.ends_with(ending); });
    const auto lists = std::ranges::count_if(snapshot.contents().lists, [&](const auto& one) { return one.address.ends_with(ending); });
    if (!snapshot.dkim_keys(domain->name).empty())
      return refuse(DirectoryFailure::InUse, domain->name + " still has DKIM keys; remove them first: hikyaku dkim key list " + domain->name);
    if (accounts + aliases + lists > 0)
      return refuse(DirectoryFailure::InUse, domain->name + " still has " + std::to_string(accounts) + " accounts, " + std::to_string(aliases) + " aliases and " + std::to_string(lists) + " lists; remove them first.");
    auto beyond = rows::relay_recipients_key(domain->name);
    beyond.back() = '\1';
    return Changes{Erase{rows::domain_key(domain->name)}, storage::EraseRange{rows::relay_recipients_key(domain->name), beyond}};
  });
}

// ---- accounts --------------------------------------------------------------------------------------------------------

DirectoryResult<std::uint64_t> Editor::last_account() const {
  auto last = engine_.get(partition, rows::last_account_key, soon());
  if (!last) return refuse(last.error());
  std::uint64_t number = 0;
  if (*last)
    for (std::size_t i = 8; i-- > 0;) number = number << 8 | static_cast<unsigned char>((**last)[i]);
  return number;
}

DirectoryResult<AccountId> Editor::add_account_with(Account account, const std::optional<Verifier>& verifier) {
  account.address.domain = fold_domain(account.address.domain);
  TRY_VOID(edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    account.id = AccountId{};
    if (auto why = why_not(snapshot, account); !why.empty()) {
      const bool there = snapshot.account(account.address) != nullptr;
      return refuse(there ? DirectoryFailure::AlreadyExists : DirectoryFailure::BadValue, std::move(why));
    }
    auto last = last_account();
    if (!last) return failure(std::move(last).error());
    account.id = AccountId{*last + 1};
    auto changes = account_rows(account);
    changes.emplace_back(storage::Add{std::string(rows::last_account_key), 1});
    return changes;
  }));
  if (verifier) TRY_VOID(secrets_.set({{account.id, *verifier}}, soon()));
  return account.id;
}

DirectoryResult<AccountId> Editor::add_account(Account account, std::optional<std::string_view> password) {
  std::optional<Verifier> verifier;
  if (password) {
    auto made = make_verifier(*password);
    if (!made) return refuse(DirectoryFailure::BadValue, std::move(made).error());
    verifier = std::move(*made);
  }
  return add_account_with(std::move(account), verifier);
}

DirectoryResult<AccountId> Editor::add_account_with_hash(Account account, std::string_view hash) {
  auto verifier = import_hash(hash);
  if (!verifier) return refuse(DirectoryFailure::BadValue, std::move(verifier).error());
  return add_account_with(std::move(account), *verifier);
}

DirectoryResult<> Editor::change_account(const Account& account) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto* old = snapshot.account(account.id);
    if (!old) return no_account(account.address.text());
    if (auto why = why_not(snapshot, account); !why.empty()) return refuse(DirectoryFailure::BadValue, std::move(why));
    if (*old == account) return Changes{};
    Changes changes{Erase{rows::address_key(old->address)}};
    for (auto& change : account_rows(account)) changes.push_back(std::move(change));
    return changes;
  });
}

DirectoryResult<Account> Editor::remove_account(std::string_view address) {
  Account removed;
  auto done = edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(account, find_account(snapshot, address));
    removed = *account;
    Changes changes{Erase{rows::account_key(account->id)}, Erase{rows::address_key(account->address)}};
    if (snapshot.forward(account->id)) changes.emplace_back(Erase{rows::forward_key(account->id)});
    if (snapshot.account_rules(account->id)) changes.emplace_back(Erase{rows::account_rules_key(account->id)});
    changes.emplace_back(Erase{rows::suspension_key(account->id)});
    return changes;
  });
  if (!done && done.error().kind != DirectoryFailure::NotSeen) return failure(std::move(done).error());
  TRY_VOID(secrets_.remove(removed.id, soon()));
  if (!done) return failure(std::move(done).error());
  return removed;
}

DirectoryResult<> Editor::set_password(std::string_view address, std::string_view password) {
  TRY(snapshot, read());
  TRY(account, find_account(*snapshot, address));
  auto verifier = make_verifier(password);
  if (!verifier) return refuse(DirectoryFailure::BadValue, std::move(verifier).error());
  return secrets_.set({{account->id, *verifier}}, soon());
}

DirectoryResult<> Editor::set_password_hash(std::string_view address, std::string_view hash) {
  TRY(snapshot, read());
  TRY(account, find_account(*snapshot, address));
  auto verifier = import_hash(hash);
  if (!verifier) return refuse(DirectoryFailure::BadValue, std::move(verifier).error());
  return secrets_.set({{account->id, *verifier}}, soon());
}

DirectoryResult<std::vector<Editor::Rejected>> Editor::add_accounts(std::vector<NewAccount> accounts, Run run,
                                                                    const std::function<void(std::size_t)>& progress) {
  std::vector<Rejected> rejected;
  Editor quiet = *this;  // waits for the readers once, at the end
  quiet.seen_ = nullptr;
  for (std::size_t begin = 0; begin < accounts.size(); begin += most_accounts_per_commit) {
    const auto some = std::span(accounts).subspan(begin, std::min(most_accounts_per_commit, accounts.size() - begin));
    TRY(of_part, quiet.add_part(some, run));
    for (auto& one : of_part) rejected.push_back({begin + one.index, std::move(one.why), one.rejection});
    if (progress) progress(begin + some.size());
  }
  TRY(after, read());
  TRY_VOID(wait_until_seen(after->version()));
  return rejected;
}

// One commit of the directory, then one of the secrets: an account without its password cannot be logged in to.
DirectoryResult<std::vector<Editor::Rejected>> Editor::add_part(std::span<NewAccount> accounts, Run run) {
  std::vector<std::string> wrong(accounts.size());
  std::vector<Rejection> rejections(accounts.size(), Rejection::Wrong);
  std::vector<std::optional<Verifier>> verifiers(accounts.size());
  const auto check = [&](const Snapshot& snapshot) {
    std::unordered_set<std::string> taken;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
      auto& account = accounts[i].account;
      account.address.domain = fold_domain(account.address.domain);
      account.id = AccountId{};
      if (wrong[i].empty() && snapshot.account(account.address) != nullptr) rejections[i] = Rejection::ThereAlready;
      if (wrong[i].empty()) wrong[i] = why_not(snapshot, account);
      if (wrong[i].empty() && !taken.insert(fold(account.address)).second)
        wrong[i] = "The table names " + account.address.text() + " twice; remove one of the rows.";
    }
  };
  TRY(before, read());
  check(*before);
  if (run == Run::Really) make_verifiers(accounts, wrong, verifiers);
  else check_hashes(accounts, wrong);
  std::vector<std::pair<AccountId, Verifier>> passwords;
  const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    check(snapshot);
    passwords.clear();
    auto last = last_account();
    if (!last) return failure(std::move(last).error());
    Changes changes;
    std::uint64_t added = 0;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
      if (!wrong[i].empty()) continue;
      accounts[i].account.id = AccountId{*last + ++added};
      if (verifiers[i]) passwords.emplace_back(accounts[i].account.id, *verifiers[i]);
      for (auto& change : account_rows(accounts[i].account)) changes.push_back(std::move(change));
    }
    if (added > 0) changes.emplace_back(storage::Add{std::string(rows::last_account_key), static_cast<std::int64_t>(added)});
    return changes;
  };
  if (run == Run::Really) {
    TRY_VOID(edit(decide));
    TRY_VOID(secrets_.set(passwords, soon()));
  }
  std::vector<Rejected> rejected;
  for (std::size_t i = 0; i < accounts.size(); ++i)
    if (!wrong[i].empty()) rejected.push_back({i, std::move(wrong[i]), rejections[i]});
  return rejected;
}

// ---- routes, networks, postmaster ------------------------------------------------------------------------------------

DirectoryResult<> Editor::add_route(const Route& route, std::size_t row) {
  const auto checked = parse_route(print_route(route));
  if (!checked) return refuse(DirectoryFailure::BadValue, checked.error());
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto& contents = snapshot.contents();
    if (std::ranges::find(contents.routes, *checked) != contents.routes.end())
      return refuse(DirectoryFailure::AlreadyExists, "There is such a route already; see: hikyaku route list");
    return route_rows(insert_route(contents.route_text, *checked, row));
  });
}

DirectoryResult<> Editor::remove_route(std::string_view pattern) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto& text = snapshot.contents().route_text;
    const auto parsed = parse_gateway_dat(text);
    std::vector<std::size_t> gone;
    for (std::size_t row = 0; row < parsed.routes.size(); ++row) {
      const auto& route = parsed.routes[row];
      const auto name = route.pattern + (route.sender.empty() ? "" : '|' + route.sender);
      if (equal_ignoring_case(route.pattern, pattern) || equal_ignoring_case(name, pattern)) gone.push_back(parsed.lines[row]);
    }
    if (gone.empty())
      return refuse(DirectoryFailure::NotFound, "There is no route for " + std::string(pattern) + "; see: hikyaku route list");
    return route_rows(without_lines(text, gone));
  });
}

DirectoryResult<> Editor::set_route_text(std::string_view text, const std::optional<std::string>& former) {
  const auto tidy = tidy_gateway_dat(text);
  const auto parsed = parse_gateway_dat(tidy);
  if (!parsed.bad.empty()) {
    const auto& first = parsed.bad.front();
    return refuse(DirectoryFailure::BadValue, "line " + std::to_string(first.line) + ": " + first.why);
  }
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto& now = snapshot.contents().route_text;
    if (former && *former != now)
      return refuse(DirectoryFailure::Unavailable, "Somebody else changed the route table meanwhile; look at it again and repeat your change.");
    if (now == tidy) return Changes{};
    return route_rows(tidy);
  });
}

DirectoryResult<> Editor::set_gateway(const std::optional<Route>& gateway) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    return Changes{Put{std::string(rows::forwarding_key), rows::encode_forwarding(gateway, snapshot.contents().forward_all)}};
  });
}

DirectoryResult<> Editor::set_forward_all(ForwardAll forward_all) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    return Changes{Put{std::string(rows::forwarding_key), rows::encode_forwarding(snapshot.contents().gateway, forward_all)}};
  });
}

DirectoryResult<> Editor::set_network(const Network& network) {
  if (!io::IpNetwork::parse(network.prefix))
    return refuse(DirectoryFailure::BadValue, "\"" + network.prefix + "\" is not a network; write one such as 192.0.2.0/24 or 2001:db8::/32.");
  return edit([&](const Snapshot&) -> DirectoryResult<Changes> {
    return Changes{Put{rows::network_key(network.prefix), rows::encode(network)}};
  });
}

DirectoryResult<> Editor::remove_network(std::string_view prefix) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto& networks = snapshot.contents().networks;
    if (std::ranges::find(networks, prefix, &Network::prefix) == networks.end())
      return refuse(DirectoryFailure::NotFound, "The network " + std::string(prefix) + " is not listed; see: hikyaku network list");
    return Changes{Erase{rows::network_key(prefix)}};
  });
}

DirectoryResult<> Editor::set_postmaster(std::string_view address) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    if (address.empty()) return Changes{Erase{std::string(rows::postmaster_key)}};
    TRY(account, find_account(snapshot, address));
    return Changes{Put{std::string(rows::postmaster_key), fold(account->address)}};
  });
}

}  // namespace hikyaku::directory
