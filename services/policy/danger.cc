#include "services/policy/danger.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/cursor.h"
#include "io/socket_address.h"

namespace hikyaku::policy {
namespace {

using directory::AccessAction;
using directory::AccessRow;
using directory::AccessWho;

constexpr std::size_t most_told = 500;
constexpr int wide_v4 = 8, wide_v6 = 16;         // as many addresses as a part of the world has
constexpr int relay_v4 = 15, relay_v6 = 31;      // wider than an organization has

struct Width {
  bool v6 = false;
  int bits = 0;
};
// Nothing: no network, nor an address.
std::optional<Width> width_of(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = io::IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  Width width{base->family() == io::IpFamily::V6, base->family() == io::IpFamily::V6 ? 128 : 32};
  if (slash != std::string_view::npos) (void)std::from_chars(text.data() + slash + 1, text.data() + text.size(), width.bits);
  return width;
}

bool is_wide(std::string_view network, int v4, int v6) {
  const auto width = width_of(network);
  return width && width->bits <= (width->v6 ? v6 : v4);
}

// Of our own machine or house: these relay or are exempt, rightly.
bool is_private(std::string_view network) {
  static const std::array ours{*io::IpNetwork::parse("127.0.0.0/8"), *io::IpNetwork::parse("10.0.0.0/8"), *io::IpNetwork::parse("172.16.0.0/12"), *io::IpNetwork::parse("192.168.0.0/16"), *io::IpNetwork::parse("169.254.0.0/16"),
                               *io::IpNetwork::parse("100.64.0.0/10"), *io::IpNetwork::parse("::1/128"), *io::IpNetwork::parse("fc00::/7"), *io::IpNetwork::parse("fe80::/10")};
  const auto base = io::IpAddress::parse(network.substr(0, network.find('/')));
  const auto width = width_of(network);
  return base && width && width->bits >= (width->v6 ? 7 : 8) && std::ranges::any_of(ours, [&](const auto& one) { return one.contains(*base); });
}

// ".jp", "jp": no house of its own.
bool is_top_level(std::string_view pattern) {
  if (pattern.starts_with('/') || pattern.find('@') != std::string_view::npos || pattern.find_first_of(":/") != std::string_view::npos || pattern == "<>" || pattern == "*") return false;
  if (pattern.starts_with('.')) pattern.remove_prefix(1);
  return !pattern.empty() && pattern.find('.') == std::string_view::npos;
}

// Names of which no honest list has all: it matches whoever comes.
bool matches_anybody(std::string_view pattern) {
  if (!pattern.starts_with('/') || pattern.size() < 2) return false;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const RE2 expression(std::string(pattern.substr(1, pattern.size() - 2)), options);
  static constexpr std::array<std::string_view, 4> names{"mail.office.example", "ppp12345.line.test", "x", "host-192-0-2-7.invalid"};
  return expression.ok() && std::ranges::all_of(names, [&](std::string_view name) { return RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), expression); });
}

bool is_ours(const directory::Contents& directory, std::string_view pattern) {
  if (pattern.starts_with('.')) pattern.remove_prefix(1);
  const auto domain = pattern.substr(pattern.rfind('@') + 1);
  return std::ranges::any_of(directory.domains, [&](const auto& one) { return one.kind != directory::DomainKind::Relay && one.name == domain; });
}

class Finder {
 public:
  explicit Finder(const DangerFacts& facts) : facts_(facts) {}

  std::vector<Danger> run() {
    networks("[smtp] relay_networks ", facts_.relay_networks, relay_v4, relay_v6, "whoever comes from there may send anywhere in your name without a login: as wide as this it is an open relay",
             "この範囲の誰もがログインなしでどこへでも送れる。これほど広いとオープンリレーになる");
    for (const auto& network : facts_.directory.networks)
      if (network.relay == directory::Enabled::Yes)
        networks("network ", {network.prefix}, relay_v4, relay_v6, "whoever comes from there may send anywhere in your name without a login: as wide as this it is an open relay",
                 "この範囲の誰もがログインなしでどこへでも送れる。これほど広いとオープンリレーになる");
    networks("[policy] exempt_networks ", facts_.exempt_networks, wide_v4, wide_v6, "no rule looks at mail from there", "この範囲からのメールには、どの規則も適用しない");
    networks("[auth] plaintext_login_networks ", facts_.plaintext_networks, wide_v4, wide_v6, "passwords may be sent in clear from there", "この範囲からは暗号化せずにパスワードを送れる");
    for (const auto& row : facts_.directory.access) access(row);
    for (const auto& rules : facts_.directory.account_rules) account(rules);
    return std::move(found_);
  }

 private:
  void tell(std::string what, std::string_view why, std::string_view why_ja) {
    if (found_.size() < most_told) found_.push_back({std::move(what), why, why_ja});
  }

  void networks(const std::string& where, const std::vector<std::string>& list, int v4, int v6, std::string_view why, std::string_view why_ja) {
    for (const auto& network : list)
      if (is_wide(network, v4, v6) && !is_private(network)) tell(where + network, why, why_ja);
  }

  void access(const AccessRow& row) {
    const auto what = std::string(directory::access_name(row.action)) + " " + std::string(directory::who_name(row.who)) + " " + row.pattern + " (" + row.source + ")";
    if (row.action == AccessAction::Allow) return allows(row, what);
    if (row.who == AccessWho::Client && (is_wide(row.pattern, wide_v4, wide_v6) || matches_anybody(row.pattern)) && !is_private(row.pattern))
      tell(what, "it keeps out a large part of the world, honest senders too", "正当な相手も含め、世界の大きな部分を拒否する");
    if (row.who != AccessWho::Recipient && is_top_level(row.pattern)) tell(what, "it keeps out a whole top-level domain", "トップレベルドメイン全体を拒否する");
    if (row.who == AccessWho::Sender && row.pattern == "<>") tell(what, "error mails have this sender: nobody here learns any more what became of mail", "不達通知の差出人なので、送ったメールがどうなったか誰にも伝わらなくなる");
    if (row.who == AccessWho::Client && is_private(row.pattern)) tell(what, "it keeps out your own networks", "自組織のネットワークを拒否する");
  }

  void allows(const AccessRow& row, const std::string& what) {
    if (row.who == AccessWho::Client && (is_wide(row.pattern, wide_v4, wide_v6) || matches_anybody(row.pattern))) tell(what, "it lets a large part of the world past the rules", "世界の大きな部分に規則を適用しなくなる");
    if (row.who != AccessWho::Recipient && is_top_level(row.pattern)) tell(what, "it lets a whole top-level domain past the rules", "トップレベルドメイン全体に規則を適用しなくなる");
    if (row.who == AccessWho::Sender && row.pattern == "<>") tell(what, "anybody may leave the sender empty", "差出人は誰でも空にできる");
    if (row.who == AccessWho::Sender && is_ours(facts_.directory, row.pattern))
      tell(what, "this is an address of yours, which anybody may claim; whoever sends by it logs in, or comes from a network that may relay", "自分のドメインの差出人は誰でも騙れる。これで送る人はログインするか、中継を許可したネットワークから送る");
    if (row.who == AccessWho::Recipient && row.pattern.find('@') == std::string::npos) tell(what, "no rule looks at any mail for this domain", "このドメイン宛のメールには、どの規則も適用しなくなる");
  }

  void account(const directory::AccountRules& rules) {
    const std::string who = rules.account == AccountId{} ? "account rules of all: " : "account rules of " + name_of(rules.account) + ": ";
    const auto shut = [](const std::vector<directory::RuleRow>& rows) { return !rows.empty() && std::ranges::all_of(rows, [](const auto& row) { return row.may == directory::MayPass::No; }) && rows.back().who == "*"; };
    if (shut(rules.from)) tell(who + "refuse *", "no mail is taken at all", "メールを一切受け取らない");
    if (shut(rules.to)) tell(who + "refuse *", "no mail can be sent at all", "メールを一切送れない");
    // An own address before a refusal of all: a claimed sender opens the door.
    for (const auto& row : rules.from)
      if (row.may == directory::MayPass::Yes && row.who != "*" && is_ours(facts_.directory, row.who) && !rules.from.empty() && rules.from.back().may == directory::MayPass::No)
        tell(who + "allow " + row.who, "anybody may claim this sender; while the rule local_sender is not enforced, strangers pass by it", "この差出人は誰でも騙れる。規則 local_sender を enforce にしないと見知らぬ相手も通る");
  }

  [[nodiscard]] std::string name_of(AccountId id) const {
    const auto found = std::ranges::find(facts_.directory.accounts, id, &directory::Account::id);
    return found == facts_.directory.accounts.end() ? std::to_string(id.value()) : found->address.text();
  }

  const DangerFacts& facts_;
  std::vector<Danger> found_;
};

}  // namespace

std::vector<Danger> find_dangers(const DangerFacts& facts) { return Finder(facts).run(); }

}  // namespace hikyaku::policy
