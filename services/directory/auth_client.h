// AuthClient: how a front asks the `auth` process: does this recipient exist, is this login right, may this account
// send as that address; and how a store asks whose login a ticket is. One connection per event loop, many requests at once on it; it reconnects by itself.
//
// Every wait ends after `timeout`; whatever goes wrong is TemporaryFailure (4xx), never a refusal and never a permission.
// Good answers about addresses are kept, 4,096 of them, for at most half a second and only while `auth` acts on the version
// of the directory that they were given at; refusals are asked anew.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "mail/account_id.h"
#include "mail/address.h"
#include "services/directory/types.h"
#include "storage/engine.h"

namespace hikyaku::io {
class Loop;
}

namespace hikyaku::directory {

enum class TlsState : std::uint8_t { Plain, Tls };
enum class Protocol : std::uint8_t { Smtp, Imap, Pop3 };

// What `auth` must know of the client to judge it.
struct PeerContext {
  Protocol protocol = Protocol::Smtp;
  TlsState tls = TlsState::Plain;
  std::string client_address;    // "192.0.2.7"; for slowing down, listed networks and the log
  std::string channel_binding;   // tls-exporter (RFC 9266), 32 octets; empty: none (TLS 1.2, no TLS)
};

struct AuthChallenge { std::string bytes; };      // send to the client (base64 is the front's), then step()
struct AuthSuccess {
  AccountId account;
  std::string address;        // the account's own
  std::string final_bytes;    // always empty: SCRAM's server-final comes as a last challenge, answered by an empty step()
  std::string ticket;         // IMAP, POP3: proves this login to the store, once, within a minute (login_tickets.h)
};
// Wrong name or password, account or protocol disabled: all look alike to the client. OtherIdentity: the right password, but to act as
// somebody else (RFC 4422 §2), which is not offered.
struct AuthFailure {
  enum class Why : std::uint8_t { Credentials, MechanismNotOffered, TlsRequired, Malformed, OtherIdentity } why = Why::Credentials;
  std::string name = {};  // that was tried, for the log; "(not an address)" when it is neither one nor an account's: users type passwords there
};
struct TemporaryFailure { std::string what; };    // 454 4.7.0, NO [UNAVAILABLE]
using AuthStep = std::variant<AuthChallenge, AuthSuccess, AuthFailure, TemporaryFailure>;

struct RecipientAnswer {
  RecipientKind kind = RecipientKind::UnknownUser;
  storage::Version version;  // of the directory it was read from
  std::string held = {};  // why a hold refuses the recipient for now, as words of a reply; empty: none does. MayNotPost: why not
  enum class HoldsFor : std::uint8_t { EverySender, ThisSender } holds_for = HoldsFor::EverySender;  // whom the answer is for
  // Kind Relay: what is known here of the user on the inner server. AskHeld: to be asked for, but mail that way is held, so nobody is asked now.
  enum class OnInnerServer : std::uint8_t { Any, Listed, NotListed, Ask, AskHeld } on_inner = OnInnerServer::Any;
  // What an account's rules say (account_rules.h): why it is not taken, and by which row; and limits of the whole mail, 0: none.
  enum class RuledOut : std::uint8_t { No, Sender, Destination, HoursIn, HoursOut } ruled_out = RuledOut::No;
  std::string ruled_by = {};
  std::uint64_t most_octets = 0;
  std::uint32_t most_recipients = 0;
  std::uint64_t room_octets = ~0ULL;  // what the one mailbox behind it still takes, as far as known (quota_page.h)
};
// Whether who logged in may send: as an address, or at all.
enum class SendRight : std::uint8_t {
  No,         // the address is not the account's
  Yes,
  Suspended,  // the account may not send (suspension.h)
  Over,       // the login counts no more: log in again
};
// A message of an account that is about to be taken, or recipients of it that were refused.
struct SentReport {
  AccountId account;
  std::string client_address, client_name;    // the name: that leads back to the address; empty: not known
  std::uint32_t recipients = 0, refused = 0;  // of this message; refused for good since the last report
  std::uint32_t refused_elsewhere = 0;        // of what was taken before, by other servers for good
};
// What this client may be offered and do before it logs in.
struct PeerRights {
  std::vector<std::string> mechanisms;  // to announce, strongest first: "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"
  bool may_relay = false;               // its network is listed
};

// What `auth` says of the login a ticket was given for. The client's address is what the front said at the login.
struct Vouched {
  AccountId account;
  std::string address;  // the account's own
  std::string client_address;
};

// A piece of the access rows as text (access.h), one a line.
struct AccessPage {
  std::uint64_t stamp = 0;  // of the whole table: the same stamp, the same rows
  std::string text;         // empty: the table is the one that is known, or has no rows
  std::uint32_t next = 0;   // where the next piece begins; 0: this was the last
};

template <class T>
using Answer = std::variant<T, TemporaryFailure>;

class AuthClient {
 public:
  // `socket_path`: run/auth.sock. Connects at the first question. The loop must outlive it, and the object must outlive
  // every task it returned.
  // `seen_page`: run/directory-seen, which tells auth's version; without it no answer is kept.
  AuthClient(io::Loop& loop, std::string socket_path, Duration timeout = 30s, std::string seen_page = "");
  ~AuthClient();

  // `account` is who logged in; none: nobody did.
  Task<Answer<RecipientAnswer>> resolve_recipient(Address recipient, ReversePath sender = {}, AccountId account = {},
                                                      std::string client_address = {});
  Task<Answer<PeerRights>> rights(PeerContext peer);
  // The rows from octet `from` of the table; nothing but the stamp when it is `known` and `from` is 0.
  Task<Answer<AccessPage>> access_rows(std::uint64_t known, std::uint32_t from);
  // Of the directory, that `auth` acts on now; nothing: it does not say.
  [[nodiscard]] std::optional<storage::Version> version();
  // `logged_in`: when that login began.
  Task<Answer<SendRight>> may_send_as(AccountId account, ReversePath reverse_path, WallTime logged_in);
  // Asked before each message of an account is taken; counts it. Yes, Suspended, or No: there is no such account.
  Task<Answer<SendRight>> may_send(SentReport report);
  // Spends the ticket. Nothing: it proves no login by `protocol`, or the account was closed to it meanwhile.
  Task<Answer<std::optional<Vouched>>> redeem(std::string ticket, Protocol protocol);

  // One SASL exchange. begin() with the initial response (nullopt: none was sent; "" is an empty one), then step() with
  // what the client answers until the result is no challenge. Dropping it cancels.
  class Exchange {
   public:
    explicit Exchange(AuthClient& client);
    ~Exchange();
    Exchange(Exchange&&) noexcept;
    Task<AuthStep> begin(std::string mechanism, std::optional<std::string> initial_response, PeerContext peer);
    Task<AuthStep> step(std::string response);

   private:
    AuthClient* client_;
    std::uint64_t id_ = 0;
  };
  // IMAP LOGIN, POP3 USER/PASS: the same rules as PLAIN.
  Task<AuthStep> login(std::string user, std::string password, PeerContext peer);

 private:
  friend class Exchange;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hikyaku::directory
