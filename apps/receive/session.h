// Session: one connection, its conversation, and the coroutine that carries the conversation's steps out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/receive/front.h"
#include "protocol/smtp/server_conversation.h"

namespace hikyaku::receive {

// What the limits count a connection under.
struct Places {
  std::optional<io::AddressLimit::Place> of_address;
  OpenPlace of_all;
};

// Serves one connection until it ends. Spawned on the front's loop.
Task<void> serve(Front& front, std::shared_ptr<const Policies> policies, Port port, io::Accepted accepted, Places places);

class Session {
 public:
  Session(Front& front, std::shared_ptr<const Policies> policies, Port port, io::Accepted accepted);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Task<void> run();
  // The process stops: a session between two messages ends now, another one after its message.
  void interrupt_if_idle();

 private:
  // The message that is arriving.
  struct Arrival {
    TraceId id;
    spool::MessageSink sink;
    std::optional<smtp::Reply> trouble;  // of ours: the disk
  };

  [[nodiscard]] directory::PeerContext context() const;
  [[nodiscard]] telemetry::Fields fields() const;
  [[nodiscard]] bool is_idle() const;

  Task<bool> begin_tls(std::string_view unread);
  Task<void> learn_rights();
  // False: the connection is over.
  Task<bool> read();
  Task<bool> send(std::string octets);
  Task<bool> carry_out(smtp::ServerStep step);
  Task<void> check_sender(smtp::server::CheckSender step);
  Task<void> check_recipient(smtp::server::CheckRecipient step);
  Task<void> flush(smtp::server::Flush step);
  Task<directory::Answer<bool>> may_ask_for(smtp::EtrnCommand of);
  Task<void> authenticate(smtp::server::Authenticate step);
  Task<void> append(std::string_view octets);
  Task<void> commit(smtp::server::CommitMessage step);
  void begin_message();
  void take(const directory::AuthStep& step);
  [[nodiscard]] HeldQuota::Limit held_limit() const;
  // Why a message that is to be held may not be (RFC 4865 §6); nothing: it may.
  [[nodiscard]] std::optional<smtp::Reply> over_held_quota(const Envelope& envelope, std::uint64_t octets) const;
  void refuse_recipient(const Address& recipient, smtp::Reply reply);
  void refuse_held(const TraceId& id);
  void log_accepted(const Envelope& envelope, const TraceId& id, std::uint64_t octets);

  Front& front_;
  const std::shared_ptr<const Policies> policies_;
  const Port port_;
  const std::uint64_t number_;
  const Instant started_;
  const std::string client_;
  io::Connection peer_;
  smtp::ServerConversation talk_;
  bool waiting_ = false;       // inside read()
  bool rights_asked_ = false;  // of `auth`, for the stream as it is now
  AccountId account_;
  std::optional<bool> may_relay_;
  std::unique_ptr<directory::AuthClient::Exchange> exchange_;
  std::unique_ptr<Arrival> arrival_;
};

}  // namespace hikyaku::receive
