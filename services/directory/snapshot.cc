// What an address means: RCPT, delivery and MAIL FROM all ask here.
#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "services/directory/address_text.h"
#include "services/directory/directory.h"
#include "services/directory/mailing_list.h"
#include "services/directory/route_table.h"

namespace hikyaku::directory {

namespace {

constexpr int most_levels = Snapshot::most_alias_levels;
constexpr std::size_t most_through = 20;

struct PrefixAlias {
  std::string prefix;  // lower case, of the local part
  const Alias* alias;
};

}  // namespace

struct Snapshot::Index {
  Contents contents;
  std::unordered_map<std::string, const Domain*> domains;
  std::unordered_map<std::string, const Account*> addresses;  // folded
  std::unordered_map<std::uint64_t, const Account*> ids;
  std::unordered_map<std::string_view, const Alias*> patterns;  // all, as written
  std::unordered_map<std::string, const Alias*> aliases;      // without '*'
  std::unordered_map<std::string, const Alias*> catch_alls;   // by domain
  std::unordered_map<std::string, std::vector<PrefixAlias>> prefixes;  // by domain, longest first
  std::unordered_map<std::uint64_t, const Forward*> forwards;  // by account
  std::unordered_map<std::uint64_t, const Suspension*> suspensions;  // likewise
  std::unordered_map<std::string, const MailingList*> lists, list_owners, list_bounces;  // by address; owners: NAME-owner@ and its like
  RouteTable routes;
  std::vector<std::pair<io::IpNetwork, const Network*>> networks;  // longest prefix first
  std::string postmaster;
  std::unordered_map<std::string, const Account*> first_accounts;  // by domain: the enabled one made first
  const Account* first_account = nullptr;

  class Resolver;
  [[nodiscard]] std::optional<Address> postmaster_of(const std::string& domain) const;
  void build();
  void add_alias(const Alias& alias);
  void add_list(const MailingList& list);
};

void Snapshot::Index::add_alias(const Alias& alias) {
  patterns.emplace(alias.pattern, &alias);
  const auto at = alias.pattern.rfind('@');
  if (at == std::string::npos) return;
  const auto local = alias.pattern.substr(0, at), domain = alias.pattern.substr(at + 1);
  if (local == "*") catch_alls.emplace(domain, &alias);
  else if (local.ends_with('*')) prefixes[domain].push_back({local.substr(0, local.size() - 1), &alias});
  else aliases.emplace(alias.pattern, &alias);
}

void Snapshot::Index::add_list(const MailingList& list) {
  lists.emplace(list.address, &list);
  for (const auto role : {ListRole::Owner, ListRole::Request, ListRole::Bounces}) list_owners.emplace(list_role_address(list.address, role), &list);
  list_bounces.emplace(bounce_address(list), &list);
}

void Snapshot::Index::build() {
  for (const auto& domain : contents.domains) domains.emplace(domain.name, &domain);
  for (const auto& account : contents.accounts) {
    addresses.emplace(fold(account.address), &account);
    ids.emplace(account.id.value(), &account);
  }
  for (const auto& alias : contents.aliases) add_alias(alias);
  for (const auto& forward : contents.forwards) forwards.emplace(forward.account.value(), &forward);
  for (const auto& one : contents.suspensions) suspensions.emplace(one.account.value(), &one);
  for (const auto& list : contents.lists) add_list(list);
  for (auto& [domain, list] : prefixes)
    std::ranges::sort(list, [](const auto& a, const auto& b) { return a.prefix.size() > b.prefix.size(); });
  routes = RouteTable(contents.routes, contents.gateway);
  std::vector<std::pair<int, std::pair<io::IpNetwork, const Network*>>> by_length;
  for (const auto& network : contents.networks) {
    const auto parsed = io::IpNetwork::parse(network.prefix);
    if (!parsed) continue;
    const auto slash = network.prefix.find('/');
    const int bits = slash == std::string::npos ? 128 : std::atoi(network.prefix.c_str() + slash + 1);
    by_length.emplace_back(bits, std::pair{*parsed, &network});
  }
  std::sort(by_length.begin(), by_length.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [bits, network] : by_length) networks.push_back(network);
  postmaster = contents.postmaster;
  for (const auto& account : contents.accounts) {
    if (account.enabled == Enabled::No) continue;
    auto& of_domain = first_accounts[fold_domain(account.address.domain)];
    if (!of_domain || account.id < of_domain->id) of_domain = &account;
    if (!first_account || account.id < first_account->id) first_account = &account;
  }
  // The first admin, by id: the account made first.
  const Account* admin = nullptr;
  for (const auto& account : contents.accounts)
    if (account.admin == Enabled::Yes && account.enabled == Enabled::Yes && (!admin || account.id < admin->id)) admin = &account;
  if (postmaster.empty() && admin) postmaster = fold(admin->address);
}

// RFC 5321 §4.5.1: somebody reads it. Nobody was named and there is no admin: the domain's first account, or the first of all.
std::optional<Address> Snapshot::Index::postmaster_of(const std::string& domain) const {
  if (!postmaster.empty()) return parse_address(postmaster);
  const auto found = first_accounts.find(domain);
  const Account* account = found == first_accounts.end() ? first_account : found->second;
  if (!account) return std::nullopt;
  return account->address;
}

Snapshot::Snapshot(Contents contents) : index_(new Index) {
  index_->contents = std::move(contents);
  index_->build();
}
Snapshot::~Snapshot() = default;

namespace {

template <class Map, class Key>
auto look_up(const Map& map, const Key& key) -> typename Map::mapped_type {
  const auto found = map.find(key);
  return found == map.end() ? typename Map::mapped_type{} : found->second;
}

}  // namespace

// One resolution on its way through the aliases.
class Snapshot::Index::Resolver {
 public:
  Resolver(const Snapshot& snapshot, const Index& index, std::size_t most, Aliases aliases, ForwardAll forward_all)
      : snapshot_(snapshot), index_(index), most_(most), aliases_(aliases), forward_all_(forward_all) {}

  Resolution run(const Address& recipient) {
    follow(recipient, 0);
    if (!result_.local.empty() || !result_.remote.empty() || !result_.lists.empty()) result_.kind = RecipientKind::Local;
    else result_.kind = disabled_ ? RecipientKind::Disabled : RecipientKind::UnknownUser;
    return std::move(result_);
  }

 private:
  [[nodiscard]] const Alias* find_alias(const Address& folded) const {
    if (aliases_ == Aliases::Done) return nullptr;
    if (const auto* alias = look_up(index_.aliases, folded.local_part + '@' + folded.domain)) return alias;
    const auto of_domain = index_.prefixes.find(folded.domain);
    if (of_domain == index_.prefixes.end()) return nullptr;
    for (const auto& [prefix, alias] : of_domain->second)
      if (folded.local_part.starts_with(prefix)) return alias;
    return nullptr;
  }

  void problem(std::string what) {
    if (result_.problem.empty()) result_.problem = std::move(what);
  }

  void follow(const Address& address, int level) {
    const Address folded{ascii_lower(address.local_part), fold_domain(address.domain)};
    const auto name = folded.local_part + '@' + folded.domain;
    if (level > most_levels) return problem("The aliases behind " + name + " are nested more than 10 deep; shorten the chain.");
    way_.resize(static_cast<std::size_t>(level));
    const auto [seen, is_new] = visited_.insert(name);
    if (!is_new) {  // a loop, or a target named twice
      result_.loops = result_.loops || std::ranges::find(way_, &*seen) != way_.end();
      return;
    }
    way_.push_back(&*seen);
    if (result_.local.size() + result_.remote.size() + result_.lists.size() >= most_) {
      result_.truncated = true;
      return problem("The alias leads to more than " + std::to_string(most_) + " addresses; split it.");
    }
    const auto* domain = snapshot_.domain(folded.domain);
    if (!domain) {
      if (is_routable_domain(folded.domain)) result_.remote.push_back(address);
      else problem("The alias target " + name + " is not an address mail can be sent to; correct it.");
      return;
    }
    if (const auto* alias = find_alias(folded)) return follow_targets(*alias, level);
    if (look_up(index_.lists, name)) return result_.lists.push_back(name);
    if (const auto* list = look_up(index_.list_owners, name); list && !snapshot_.account(folded)) return follow_owners(*list, level);
    if (!accounts_count(*domain)) return pass_on(address, folded, level);
    if (follow_account(folded, {})) return;
    if (follow_subaddress(folded, level)) return;
    if (folded.local_part == "postmaster")
      if (const auto target = index_.postmaster_of(folded.domain)) return follow(*target, level + 1);
    if (const auto* alias = find_catch_all(folded.domain)) return follow_targets(*alias, level);
    if (domain->kind == DomainKind::LocalPassUnknown) return result_.remote.push_back(address);
    problem("There is no account or alias " + name + "; add it or correct the alias that leads to it.");
  }

  void follow_owners(const MailingList& list, int level) {
    for (const auto& owner : list.owners)
      if (const auto address = parse_address(owner)) follow(*address, level + 1);
    if (!list.owners.empty()) return;
    if (const auto reader = index_.postmaster_of(list.address.substr(list.address.rfind('@') + 1))) follow(*reader, level + 1);
  }

  [[nodiscard]] const Alias* find_catch_all(const std::string& domain) const {
    return aliases_ == Aliases::Done ? nullptr : look_up(index_.catch_alls, domain);
  }

  [[nodiscard]] bool accounts_count(const Domain& domain) const {
    return domain.kind != DomainKind::Relay && forward_all_ == ForwardAll::No;
  }

  // No account is demanded: whoever the next hop knows. Aliases count all the same; a catch-all takes nobody's mail who
  // has an account.
  void pass_on(const Address& address, const Address& folded, int level) {
    const auto plus = folded.local_part.find('+');
    const Address base{folded.local_part.substr(0, plus), folded.domain};
    const auto* alias = plus == std::string::npos ? nullptr : find_alias(base);
    if (!alias && !snapshot_.account(folded) && !snapshot_.account(base)) alias = find_catch_all(folded.domain);
    if (alias) return follow_targets(*alias, level);
    result_.remote.push_back(address);
  }

  void follow_targets(const Alias& alias, int level) {
    if (result_.through.size() < most_through) result_.through.push_back(alias.pattern);
    for (const auto& target : alias.targets) {
      if (result_.truncated) return;
      const auto address = parse_address(target);
      // Its own name among the targets: the account behind the alias keeps a copy.
      if (address && fold(*address) == alias.pattern) keep_copy(*address);
      else if (address) follow(*address, level + 1);
      else problem("The alias " + alias.pattern + " has a target that is no address (" + target + "); correct it.");
    }
  }

  void keep_copy(const Address& address) {
    const auto* domain = snapshot_.domain(address.domain);
    if (domain && !accounts_count(*domain)) return result_.remote.push_back(address);
    if (!follow_account({ascii_lower(address.local_part), fold_domain(address.domain)}, {}))
      problem("The alias " + fold(address) + " keeps a copy in an account of its name, but there is none; add it or remove that target.");
  }

  bool follow_account(const Address& folded, std::string mailbox) {
    const auto* account = snapshot_.account(folded);
    if (!account) return false;
    if (account->enabled == Enabled::No) {
      disabled_ = true;
      problem("The account " + fold(account->address) + " is disabled; enable it to receive mail.");
      return true;
    }
    if (accounts_.insert(account->id.value()).second) result_.local.push_back({account->id, account->address, std::move(mailbox)});
    return true;
  }

  // RFC 5233: "user+detail". An account or alias of the whole name goes first.
  bool follow_subaddress(const Address& folded, int level) {
    const auto plus = folded.local_part.find('+');
    if (plus == std::string::npos || plus == 0) return false;
    const Address base{folded.local_part.substr(0, plus), folded.domain};
    if (follow_account(base, folded.local_part.substr(plus + 1))) return true;
    const auto* alias = find_alias(base);
    if (alias) follow_targets(*alias, level);
    return alias != nullptr;
  }

  const Snapshot& snapshot_;
  const Index& index_;
  const std::size_t most_;
  const Aliases aliases_;
  const ForwardAll forward_all_;
  std::unordered_set<std::string> visited_;
  std::vector<const std::string*> way_;  // of them those that led here, one a level
  std::unordered_set<std::uint64_t> accounts_;
  bool disabled_ = false;
  Resolution result_;
};

Resolution Snapshot::resolve(const Address& recipient, std::size_t most, Aliases aliases) const {
  Resolution result;
  Address address = recipient;
  // RFC 5321 §4.5.1: "postmaster" needs no domain.
  if (address.domain.empty() && equal_ignoring_case(address.local_part, "postmaster") && !contents().domains.empty()) {
    const auto local = std::ranges::find_if(contents().domains, [](const auto& d) { return d.kind != DomainKind::Relay; });
    if (local != contents().domains.end()) address.domain = local->name;
  }
  const auto* domain = this->domain(address.domain);
  if (!domain) {
    result.kind = is_routable_domain(address.domain) ? RecipientKind::NotOurs : RecipientKind::UnknownDomain;
    if (result.kind == RecipientKind::NotOurs) result.remote.push_back(address);
    return result;
  }
  result = Index::Resolver(*this, *index_, most, aliases, contents().forward_all).run(address);
  // Sent on as it is: a relay domain's address, or an unknown user of a domain that passes them on.
  const bool passed_on = result.local.empty() && result.lists.empty() && result.remote.size() == 1 && result.remote.front() == address;
  if (passed_on && (domain->kind != DomainKind::Local || contents().forward_all == ForwardAll::Yes)) result.kind = RecipientKind::Relay;
  return result;
}

std::vector<LostTarget> Snapshot::lost_targets(const std::vector<std::string>& targets) const { return lost_targets({.pattern = "", .targets = targets}); }

std::vector<LostTarget> Snapshot::lost_targets(const Alias& alias) const {
  using Why = LostTarget::Why;
  std::vector<LostTarget> lost;
  for (const auto& target : alias.targets) {
    const auto address = parse_address(target);
    if (!address) {
      lost.push_back({target, Why::NoDomain});
      continue;
    }
    // Its own name means the account behind it.
    const auto follow = fold(*address) == alias.pattern ? Aliases::Done : Aliases::Follow;
    const auto resolved = resolve(*address, 1, follow);
    switch (resolved.kind) {
      case RecipientKind::UnknownUser: lost.push_back({target, resolved.loops ? Why::Loop : Why::NoAccount}); break;
      case RecipientKind::Disabled: lost.push_back({target, Why::Disabled}); break;
      case RecipientKind::UnknownDomain: lost.push_back({target, Why::NoDomain}); break;
      case RecipientKind::Local:
      case RecipientKind::Relay:
      case RecipientKind::NotOurs:
      case RecipientKind::MayNotPost:
      case RecipientKind::OverQuota: break;
    }
  }
  return lost;
}

bool Snapshot::owns(AccountId id, const ReversePath& reverse_path) const {
  const auto* owner = account(id);
  if (!owner || owner->enabled == Enabled::No) return false;
  if (reverse_path.is_null() || fold(reverse_path.address) == fold(owner->address)) return true;
  const auto* domain = this->domain(reverse_path.address.domain);
  if (!domain) return false;
  const auto resolved = Index::Resolver(*this, *index_, most_targets, Aliases::Follow, ForwardAll::No).run(reverse_path.address);
  return std::ranges::any_of(resolved.local, [&](const auto& target) { return target.account == id; });
}

// ---- routes ----------------------------------------------------------------------------------------------------------

RouteDecision Snapshot::route(const Address& recipient, const ReversePath& sender) const {
  return index_->routes.find(recipient, sender);
}

// ---- look-ups --------------------------------------------------------------------------------------------------------

const Account* Snapshot::account(AccountId id) const { return look_up(index_->ids, id.value()); }
const Account* Snapshot::account(const Address& address) const { return look_up(index_->addresses, fold(address)); }
const Alias* Snapshot::alias(const std::string& pattern) const { return look_up(index_->patterns, std::string_view(pattern)); }
const AccountRules* Snapshot::account_rules(AccountId account) const {
  const auto& all = index_->contents.account_rules;
  const auto found = std::ranges::lower_bound(all, account, {}, &AccountRules::account);
  return found == all.end() || found->account != account ? nullptr : &*found;
}

std::span<const RelayRecipient> Snapshot::relay_recipients(std::string_view domain) const {
  const auto found = std::ranges::equal_range(index_->contents.relay_recipients, domain, {}, [](const RelayRecipient& one) { return std::string_view(one.domain); });
  return {found.begin(), found.end()};
}

const RelayRecipient* Snapshot::relay_recipient(std::string_view domain, std::string_view local_part) const {
  const auto listed = relay_recipients(domain);
  const auto found = std::ranges::lower_bound(listed, local_part, {}, [](const RelayRecipient& one) { return std::string_view(one.local_part); });
  return found == listed.end() || found->local_part != local_part ? nullptr : &*found;
}

bool Snapshot::is_relay_recipient(const Address& recipient) const {
  const auto domain = fold_domain(recipient.domain), local_part = ascii_lower(recipient.local_part);
  if (relay_recipient(domain, local_part) != nullptr) return true;
  const auto detail = local_part.find('+');
  return detail != std::string::npos && detail > 0 && relay_recipient(domain, std::string_view(local_part).substr(0, detail)) != nullptr;
}

std::span<const DkimKey> Snapshot::dkim_keys(std::string_view domain) const {
  const auto& keys = index_->contents.dkim_keys;
  const auto [first, last] = std::ranges::equal_range(keys, domain, {}, [](const DkimKey& key) { return std::string_view(key.domain); });
  return {first, last};
}

const Domain* Snapshot::domain(std::string_view name) const { return look_up(index_->domains, fold_domain(name)); }
const Forward* Snapshot::forward(AccountId account) const { return look_up(index_->forwards, account.value()); }
const Suspension* Snapshot::last_suspension(AccountId account) const { return look_up(index_->suspensions, account.value()); }
const Suspension* Snapshot::suspension(AccountId account) const {
  const auto* one = last_suspension(account);
  return one != nullptr && one->in_force == Enabled::Yes ? one : nullptr;
}
bool Snapshot::login_counts(AccountId account, WallTime at) const {
  const auto* one = last_suspension(account);
  return one == nullptr || one->sessions_end == WallTime{} || one->sessions_end < at;
}
const MailingList* Snapshot::list(const Address& address) const { return look_up(index_->lists, fold(address)); }
const MailingList* Snapshot::list_of_bounces(const Address& address) const { return look_up(index_->list_bounces, fold(address)); }
const Contents& Snapshot::contents() const { return index_->contents; }
storage::Version Snapshot::version() const { return index_->contents.version; }

Network Snapshot::network(std::string_view client_address) const {
  const auto address = io::IpAddress::parse(client_address);
  if (!address) return {};
  for (const auto& [network, rights] : index_->networks)
    if (network.contains(*address)) return *rights;
  return {};
}

}  // namespace hikyaku::directory
