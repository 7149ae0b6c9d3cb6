// AuthService: what the `auth` process does. It answers the fronts' questions (auth_protocol.h) from the directory's
// snapshot, and carries out logins: the SASL exchanges of all clients live here, so that no front ever sees a verifier.
// One loop; argon2 and the store run on bounded workers.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/channel.h"
#include "io/loop.h"
#include "io/socket_address.h"
#include "io/workers.h"
#include "protocol/sasl/server_exchange.h"
#include "services/directory/auth_protocol.h"
#include "services/directory/content_store.h"
#include "services/directory/directory.h"
#include "services/directory/login_guard.h"
#include "services/directory/login_memory.h"
#include "services/directory/login_tickets.h"
#include "services/directory/quota_page.h"
#include "services/directory/secrets.h"
#include "services/directory/srs_secrets.h"

namespace hikyaku::directory {

inline constexpr std::string_view no_directory_sentence = "The directory cannot be read at the moment; look at the auth service's log and at the disk.";

struct AuthOptions {
  GuardTerms guard;
  std::vector<io::IpNetwork> plaintext_networks;  // may log in without TLS; so may networks the directory lists
  std::vector<io::IpNetwork> relay_networks;      // may send anywhere without logging in; likewise
  Duration remember = 5min;                       // 0: never
  PasswordCost cost;
  std::string quota_page;  // run/quota-used; empty: nobody says what mailboxes use
  storage::Engine* content = nullptr;  // where content rows are read; null: there are none
  const SrsSecrets* srs = nullptr;  // null: no bounces of rewritten senders are known
};

class AuthService {
 public:
  static constexpr std::size_t most_exchanges = 20'000;
  static constexpr Duration exchange_limit = 5min;

  // Everything given must outlive the service and its loop's run. Call prepare() before serving.
  AuthService(io::Loop& loop, io::Workers& workers, const Reader& reader, Secrets secrets, AuthOptions options, GuardParts guard = {});

  // Blocking: reads the server's secret and who has SCRAM keys.
  DirectoryResult<> prepare(Deadline deadline);
  // Looks every second whether SCRAM can be announced. Spawn it.
  Task<void> follow_secrets();
  void set_options(AuthOptions options);  // on the loop's thread
  [[nodiscard]] LoginGuard& guard() { return guard_; }  // likewise

  // io::ChannelServer::Handler
  Task<io::Message> answer(io::Message request, io::PeerProcess peer);

 private:
  struct Exchange {
    sasl::ServerExchange sasl;
    PeerContext peer;
    std::string user;      // as claimed, folded, once known
    AccountId account;     // whose keys were given
    Instant started;
    std::list<std::uint64_t>::iterator age;
    std::optional<abuse::LoginTry> turn;  // SCRAM: that is under way
    std::string why;                      // it cannot be checked now; empty: our own trouble
    WallTime began = SystemClock{}.wall();
  };
  using Reply = auth_protocol::Reply;

  Task<Reply> reply_to(auth_protocol::Request request);
  Reply resolve(const auth_protocol::ResolveRequest& request);
  Reply rights(const PeerContext& peer) const;
  Task<bool> learn_content(std::uint32_t from);
  Reply access_rows(const auth_protocol::AccessRequest& request);
  Reply may_send_as(const auth_protocol::SendAsRequest& request) const;
  Task<Reply> sent(auth_protocol::SentRequest request);
  Task<Reply> begin(auth_protocol::BeginRequest request);
  Task<Reply> step(auth_protocol::StepRequest request);
  Task<void> wait_for_directory();
  Task<Reply> login(auth_protocol::LoginRequest request);

  // Goes on with an exchange that is out of the table until it needs the client or is over.
  Task<Reply> carry_on(Exchange exchange, sasl::ServerStep step);
  Task<sasl::ScramKeys> keys_for(std::string user, Exchange& exchange, bool& unavailable);
  enum class Verdict : std::uint8_t { Right, Wrong, Unavailable };
  Task<Verdict> check(std::string user, std::string password, PeerContext peer, AccountId& account, std::string& why);
  // Right user, but disabled or not for this protocol? Otherwise a success, with its ticket.
  // `began`: before anything of the account was looked at, so that what changed since counts.
  Reply welcome(AccountId account, const std::string& authorization_identity, const PeerContext& peer, WallTime began);
  Reply redeem(const auth_protocol::RedeemRequest& request);
  [[nodiscard]] AccountId find_account(const std::string& user) const;
  [[nodiscard]] std::string name_for_log(const std::string& user) const;
  [[nodiscard]] abuse::LoginTry try_of(const std::string& user, const PeerContext& peer, AccountId account) const;

  [[nodiscard]] std::vector<std::string> mechanisms(const PeerContext& peer) const;
  [[nodiscard]] bool may_show_password(const PeerContext& peer) const;
  std::uint64_t keep(Exchange exchange);
  std::optional<Exchange> take(std::uint64_t id);
  void drop(std::uint64_t id);
  bool read_scram_scope(Deadline deadline);  // on a worker

  io::Loop& loop_;
  io::Workers& workers_;
  const Reader& reader_;
  Secrets secrets_;
  AuthOptions options_;
  std::string server_secret_;
  LoginGuard guard_;
  LoginMemory memory_;
  LoginTickets tickets_;
  QuotaReader quotas_;
  // The access rows of one snapshot, and as text.
  std::vector<AccessRow> access_rows_;
  ContentRows content_;
  bool content_known_ = false, content_changed_ = false;
  std::string access_text_;
  std::uint64_t access_stamp_ = 0;
  std::optional<storage::Version> access_of_;
  std::unordered_map<std::uint64_t, Exchange> exchanges_;
  std::list<std::uint64_t> ages_;
  // What read_scram_scope found; written by one worker at a time while the loop awaits it.
  bool scram_everywhere_ = false;
  bool directory_gone_ = false;  // a question waited for it in vain
  storage::Version scope_secrets_, scope_directory_;
};

}  // namespace hikyaku::directory
