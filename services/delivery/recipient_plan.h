// RecipientPlan: what delivery does with one recipient, decided from the directory alone. The order is fixed:
//   1 aliases, always; 2 local domains and accounts, unless all received mail is forwarded; 3 the route table, matched
//   against the envelope's recipient and sender; 4 the global SMTP gateway, where no row matched; 5 the hosts file;
//   6 MX, or without one the domain's own addresses. 5 and 6 are ExchangeLookup's.
// `hikyaku route explain` runs the same function and prints the steps.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "io/socket_address.h"
#include "mail/address.h"
#include "mail/envelope.h"
#include "services/delivery/next_hop.h"
#include "services/directory/directory.h"
#include "services/directory/mailing_list.h"
#include "services/directory/srs_secrets.h"

namespace hikyaku::delivery {

struct ToMailbox {
  directory::LocalTarget target;
  std::string lost;  // of an alias: why another target gets no copy, one sentence for the log; empty: all do
};
struct ToNextHop {
  NextHop hop;
};
// An alias with several targets, or one elsewhere: it becomes one new mail to all of them, recorded once before the first copy leaves.
struct ToTargets {
  std::vector<Address> targets;
  bool truncated = false;  // there are more: plan again with a higher limit, on a worker
  std::string lost = {};   // as ToMailbox's; complete unless truncated
};
// An account whose mail goes on: new mails to the mailboxes that keep it and to the rest, recorded as an alias's are. Forwards
// that lead to accounts here were followed; none that leads back is in it.
struct ToForwards {
  std::vector<Address> through;    // accounts whose forwards were followed, the recipient's first
  std::vector<Address> mailboxes;  // accounts here
  std::vector<Address> targets;    // elsewhere, lists here, and what nobody here has
  std::string lost = {};           // as ToMailbox's
};
// A post to a mailing list.
struct ToList {
  std::string list;                // its address
  directory::PostVerdict duty = directory::PostVerdict::ToMembers;  // never Refused
  std::string lost = {};           // as ToMailbox's
};
struct CannotDeliver {
  std::string status;       // RFC 3463
  std::string explanation;  // one sentence for the sender
};
using RecipientPlan = std::variant<ToMailbox, ToNextHop, ToTargets, ToForwards, ToList, CannotDeliver>;
// The recipient is left behind and becomes new mails.
[[nodiscard]] bool goes_on(const RecipientPlan& plan);

// Under which key its mail waits: "local:a.example", "mx:b.example", "host:gw.example:25". Empty: nowhere.
[[nodiscard]] std::string destination_of(const RecipientPlan& plan);

struct RoutingSettings {
  // A row that names one of these with port 25 means "by hosts and DNS", as E-Post's table has it.
  std::vector<io::IpAddress> dns_servers;
  // Clients whose senders are believed, besides those of the directory.
  std::vector<io::IpNetwork> relay_networks = {};
  // What rewritten senders are signed with; null: bounces to them are nobody's.
  std::shared_ptr<const srs::Secrets> srs = nullptr;
  enum class RewriteSenders : std::uint8_t { No, Yes } rewrite_senders = RewriteSenders::No;
};

constexpr std::size_t targets_looked_up_on_a_loop = 100;

struct RoutingQuestion {
  const ReversePath& sender;
  const Recipient& recipient;
  std::uint32_t failures = 0;  // attempts for this recipient so far: a row's fallback takes over after some
  std::size_t most_targets = targets_looked_up_on_a_loop;
  // Whose mail it is: a list asks for it. Without one the sender is what the client said.
  const Envelope* envelope = nullptr;
};

// One finding on the way to the plan.
struct PlanStep {
  enum class Finding : std::uint8_t {
    NoAlias, Alias, AliasesDone,                                       // 1; subject: the alias
    NotOurs, RelayDomain, ForwardAll, Account, NoAccountPassedOn,      // 2; subject: domain, or account
    NoAccount, AccountDisabled, BadDomain,
    Rewritten, RewrittenRefused,                                       // subject: the address
    Forward, ForwardNotForSender, ForwardLoop,                         // subject: the account
    List, ListModerated, ListOwners, ListRefused,                      // subject: the list
    NoRow, Row, RowMeansDns, RowFallback,                              // 3; subject: the row as text, number
    NoGateway, Gateway,                                                // 4; subject: the gateway
    AddressLiteral, HostsThenMx,                                       // 5 and 6; subject: the domain
  };
  std::uint8_t step = 1;
  Finding finding = Finding::NoAlias;
  std::string subject;
  std::size_t row = 0;
};
using PlanTrace = std::vector<PlanStep>;

// No I/O, never waits. `trace`, when given, is told every finding.
[[nodiscard]] RecipientPlan plan_recipient(const directory::Snapshot& directory, const RoutingSettings& settings,
                                           const RoutingQuestion& question, PlanTrace* trace = nullptr);

}  // namespace hikyaku::delivery
