// The directory's values: who has mail here, under which addresses, and where other mail goes. No secrets: password
// verifiers are kept apart (services/directory/verifier.h) and read by `auth` alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mail/account_id.h"
#include "mail/address.h"

namespace hikyaku::directory {

enum class DomainKind : std::uint8_t {
  Local,             // its accounts and aliases are here; unknown users are refused
  Relay,             // accepted from anyone, sent on by the route table: the inner servers'
  LocalPassUnknown,  // local, and unknown users are sent on by the route table
};
enum class Enabled : std::uint8_t { No, Yes };
// What RCPT asks about users that are on an inner server (of Relay and LocalPassUnknown domains).
enum class RecipientCheck : std::uint8_t {
  Any,   // nothing: the inner server will say
  List,  // they are listed here (relay_recipients.h)
  Ask,   // the inner server, which the route table names, is asked by SMTP, and its answers are remembered
};

struct Domain {
  std::string name;  // lower-case A-labels
  DomainKind kind = DomainKind::Local;
  RecipientCheck recipients = RecipientCheck::Any;
  friend bool operator==(const Domain&, const Domain&) = default;
};

struct Account {
  AccountId id;
  Address address;                 // compared without regard to ASCII case
  std::string full_name;
  Enabled enabled = Enabled::Yes;  // No: refused at RCPT (550 5.2.1) and at login
  Enabled admin = Enabled::No;     // may administer; the first one gets postmaster's mail
  Enabled pop3 = Enabled::Yes, imap = Enabled::Yes, smtp_auth = Enabled::Yes;
  std::uint64_t quota_octets = 0, quota_messages = 0;  // 0: no limit
  friend bool operator==(const Account&, const Account&) = default;
};

// A user of an inner server, by an imported list.
struct RelayRecipient {
  std::string domain, local_part;  // folded
  std::string source;              // whose list it is from
  WallTime added{};
  friend bool operator==(const RelayRecipient&, const RelayRecipient&) = default;
};

// Mail for `pattern` goes to all targets instead. It may have an account's own name: the account keeps a copy when it is
// among the targets.
struct Alias {
  std::string pattern;               // "info@a.example", "sales*@a.example" or "*@a.example" (catch-all), lower case
  std::vector<std::string> targets;  // addresses, here or elsewhere
  friend bool operator==(const Alias&, const Alias&) = default;
};

// A target of an alias that gets no mail: no account, a disabled one, a name mail cannot go to.
struct LostTarget {
  std::string target;
  enum class Why : std::uint8_t { NoAccount, Disabled, NoDomain, Loop } why = Why::NoAccount;
  friend bool operator==(const LostTarget&, const LostTarget&) = default;
};

// Where an account's mail goes besides its mailbox, or instead.
enum class KeepCopy : std::uint8_t { No, Yes };
struct Forward {
  AccountId account;
  KeepCopy keep = KeepCopy::Yes;
  std::vector<std::string> targets;    // addresses, here or elsewhere
  std::vector<std::string> only_from;  // senders (sender_pattern.h); mail of others stays in the mailbox. Empty: everybody
  friend bool operator==(const Forward&, const Forward&) = default;
};

// ---- mailing lists ---------------------------------------------------------------------------------------------------

enum class Posting : std::uint8_t {
  Anyone,
  Members,     // and the posters named
  Listed,      // the posters named
  Moderators,  // the posters named; what others send goes to them instead
};

// Owners may always post. They get what is for NAME-owner@, NAME-request@ and, without a bounce address, NAME-bounces@.
struct MailingList {
  std::string address;                // lower case
  std::string about;                  // a few words for people, UTF-8
  Posting posting = Posting::Members;
  std::vector<std::string> posters;   // senders (sender_pattern.h); of a moderated list addresses only
  std::vector<std::string> owners;    // addresses; empty: the postmaster
  std::string bounces;                // reverse-path of the copies; empty: NAME-bounces@
  std::string subject_prefix;         // "[staff]"; empty: none
  Enabled reply_to_list = Enabled::No;
  std::vector<std::string> members;   // addresses, in the order of their folded form
  friend bool operator==(const MailingList&, const MailingList&) = default;
};

// ---- routes: the rows of gateway.dat, in services/directory/routes.h as text --------------------------------------------

struct RouteHost {
  std::string name;         // host name or address literal without brackets; MX is not looked up
  std::uint16_t port = 25;
  friend bool operator==(const RouteHost&, const RouteHost&) = default;
};

enum class RouteProtocol : std::uint8_t { Smtp, Lmtp };
enum class RouteTls : std::uint8_t {
  Default,        // as for any other host: by DANE or MTA-STS where there is such a policy, else opportunistic
  None,
  Opportunistic,  // encrypt when offered, whoever it is
  Required,       // no TLS, no mail
  Verified,       // and a certificate of a trusted authority for the host's name
};

// How a next hop is spoken to.
struct RouteTerms {
  RouteProtocol protocol = RouteProtocol::Smtp;
  RouteTls tls = RouteTls::Default;
  std::string login;                 // user name for AUTH, its secret kept apart (services/delivery/login_secrets.h); empty: none
  std::string mechanism;             // "PLAIN", "LOGIN", "SCRAM-SHA-256" or "XOAUTH2"; empty: the strongest both sides know
  std::vector<std::string> sources;  // our addresses to connect from, at most one of each family; empty: the system's choice
  RouteHost fallback;                // takes over after `fallback_after` failures; no name: none
  std::uint32_t fallback_after = 0;
  friend bool operator==(const RouteTerms&, const RouteTerms&) = default;
};

// First match wins.
struct Route {
  std::string pattern;  // of the recipient: "user@host", "host", "*.host" (host too, unless it has a row of its own), "*"; '*' stands for any octets
  std::string sender;   // of the reverse-path, in the same forms, or "<>" for the null one; empty: any
  std::vector<RouteHost> hosts;  // tried in this order
  RouteTerms terms;
  friend bool operator==(const Route&, const Route&) = default;
};

// "Forward all received mail": accounts here are passed over, and RCPT demands none.
enum class ForwardAll : std::uint8_t { No, Yes };

// An address range whose clients have rights of their own (RFC 4632).
struct Network {
  std::string prefix;                      // "192.0.2.0/24", "2001:db8::/32", or one address
  Enabled relay = Enabled::No;             // may send to any domain without AUTH
  Enabled auth_without_tls = Enabled::No;  // copiers and old devices
  friend bool operator==(const Network&, const Network&) = default;
};

// ---- what a recipient address means ----------------------------------------------------------------------------------

enum class RecipientKind : std::uint8_t {
  Local,          // an account here, or an alias all of whose targets were found
  Relay,          // a relay domain, an unknown user of a LocalPassUnknown domain: accepted from anyone
  NotOurs,        // any other domain: only for those who may relay
  UnknownUser,    // 550 5.1.1
  UnknownDomain,  // the domain is not a name mail can go to (no dot, bad label): 550 5.1.2
  Disabled,       // 550 5.2.1
  OverQuota,      // 452 4.2.2, or 552 5.2.2 where [smtp] over_quota says so; Snapshot::resolve() knows of no usage
  MayNotPost,     // 550 5.7.2: a list, and not for this sender; Snapshot::resolve() does not judge senders
};

// Done: the recipient is what an alias led to, and is not looked up among them again.
enum class Aliases : std::uint8_t { Follow, Done };

// Where one copy goes after aliases.
struct LocalTarget {
  AccountId account;
  Address address;       // the account's own
  std::string mailbox;   // of the subaddress "user+mailbox@domain" (RFC 5233), empty: INBOX
  friend bool operator==(const LocalTarget&, const LocalTarget&) = default;
};

struct Resolution {
  RecipientKind kind = RecipientKind::UnknownUser;
  std::vector<LocalTarget> local;   // without repetitions
  std::vector<Address> remote;      // relay, or alias targets elsewhere
  std::vector<std::string> lists;   // addresses of mailing lists here
  bool truncated = false;           // there are more targets than were asked for
  std::vector<std::string> through;  // the patterns of the aliases followed, the first twenty
  bool loops = false;               // an alias on the way leads back to an address before it
  std::string problem;              // one sentence for the log: a loop, a target that is unknown
};

}  // namespace hikyaku::directory
