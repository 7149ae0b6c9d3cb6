// RemoteSession: one SMTP connection to a next hop, opened over its addresses in turn and used for any number of
// messages. It carries the steps of smtp::ClientConversation out; what is said is decided there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/connection.h"
#include "protocol/smtp/client_conversation.h"
#include "services/delivery/address_lookup.h"
#include "services/delivery/attempt.h"
#include "services/delivery/open_connections.h"
#include "services/delivery/tls/tls_observation.h"

namespace hikyaku::delivery {

struct SessionSettings {
  std::string our_name;
  Duration connect_time = 30s;
  Duration reply_time = 300s;            // RFC 5321 §4.5.3.2; the final reply of DATA gets twice this
  std::uint32_t messages = 1'000;        // after that the connection is closed
  std::shared_ptr<const io::TlsClientContext> tls;
  // By the route's terms (under_terms()):
  smtp::ClientProtocol protocol = smtp::ClientProtocol::Smtp;
  smtp::TlsUse tls_use = smtp::TlsUse::Opportunistic;
  io::PeerCheck check = io::PeerCheck::None;
  bool as_published = true;             // what a host's owner demands (Candidate::tls) counts
  std::string domain;                   // the recipients', where its MX hosts are spoken to; empty: nobody reports about TLS
  ObserveTls observe;
  TlsWish wish = TlsWish::None;         // of the message it is opened for; one of another wish must not use it
  std::optional<sasl::ClientContext> login;
  std::string mechanism;                // of AUTH; empty: the strongest
  std::vector<io::IpAddress> sources;   // ours to connect from, by family
  // For the log: each line of the talk, with the message it is about (of sequence 0 before the first). Empty: nobody listens.
  std::function<void(const TraceId& message, std::string_view next_hop, smtp::Speaker who, std::string_view line)> heard = {};
};

// What a row asks for, put into the settings of a session to its hosts. `login` when the row names one.
[[nodiscard]] SessionSettings under_terms(SessionSettings settings, const directory::RouteTerms& terms,
                                          std::optional<sasl::ClientContext> login);

// Reads a part of a message's text; an empty answer before its end: it cannot be read (our own trouble).
using ReadText = std::function<Task<std::string>(const Message& message, std::uint64_t offset, std::uint64_t octets)>;

class RemoteSession {
 public:
  // The settings of a session for a message that wishes so (RFC 8689 §4.2).
  static SessionSettings as_wished(SessionSettings settings, TlsWish wish);
  // Tries the candidates in order until one is ready to take mail. The failure is that of the last one that said
  // something, or of the last. `for_whom` is the attempt's recipients; each gets the failure.
  static Task<Result<std::unique_ptr<RemoteSession>, Attempt>> open(io::Loop& loop, std::vector<Candidate> candidates,
                                                                       SessionSettings settings, CauseWatch* watch = nullptr);

  // One transaction. One attempt for each of `recipients`, in order. Nothing: the text could not be read, nobody is to
  // blame, and the session is closed. By `clock` a next hop is told what is left of the message's time. `watch` is told what takes the time; it must outlive the task, here and above.
  // `above`: header fields that go before the text (signatures).
  Task<std::vector<Attempt>> deliver(MessagePointer message, std::vector<std::uint32_t> recipients, ReadText read_text,
                                     const Clock& clock, CauseWatch* watch = nullptr, std::string above = {});

  // Asks whether these would be taken (MAIL FROM:<>, RCPT, no text), each reply within `reply_time`, which stays the session's. One outcome for each, in
  // order. Nobody's mail: was_stale() as after deliver().
  Task<std::vector<smtp::RecipientOutcome>> ask(std::vector<Address> recipients, Duration reply_time);

  // Ready for another message.
  [[nodiscard]] bool usable() const { return ready_ && delivered_ < settings_.messages; }
  // True when the last deliver() failed before the peer said anything to it: a connection kept open that the peer has
  // closed meanwhile. Nothing was sent that could be a duplicate; open another and try again.
  [[nodiscard]] bool was_stale() const { return stale_; }
  [[nodiscard]] std::uint32_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint32_t recipient_limit() const;  // of one transaction
  [[nodiscard]] std::string peer_text() const { return candidate_.host + " [" + candidate_.address.ip().to_string() + "]:" +
                                                       std::to_string(candidate_.address.port()); }
  [[nodiscard]] std::string tls_version() const;
  // "TLSv1.3 dane": the version, and by what the peer was verified ("dane", "mta-sts", "verified"); empty: in the clear.
  [[nodiscard]] std::string tls_text() const;
  // Among the connections to its destination, for as long as this lives.
  void hold(OpenConnections::Place place) { place_ = std::move(place); }
  [[nodiscard]] OpenConnections::Place& place() { return place_; }
  // Says QUIT, closes, and waits until the peer has closed too; at most a few seconds.
  Task<void> quit();

 private:
  RemoteSession(io::Loop& loop, std::unique_ptr<io::Connection> connection, Candidate candidate, SessionSettings settings,
                smtp::TlsUse tls);
  // Runs the conversation until it wants something only the caller has.
  Task<smtp::ClientStep> drive();
  Task<Result<void, Attempt>> begin();
  void lose(const io::IoError& error);
  Task<void> start_tls();
  // Tells how TLS went, once for a session.
  void observe_tls(TlsResult result, const std::string& reason);
  void observe_session();
  [[nodiscard]] Duration limit_of(smtp::ClientWait wait) const;
  [[nodiscard]] Attempt attempt_of(const smtp::RecipientOutcome& outcome, std::uint32_t recipient) const;
  static Task<Result<std::unique_ptr<RemoteSession>, Attempt>> open_one(io::Loop& loop, Candidate candidate,
                                                                           SessionSettings settings, smtp::TlsUse tls, CauseWatch* watch);
  void turn(Cause cause) {
    if (watch_ != nullptr) watch_->turn(cause);
  }
  // Why mail that demands TLS may not use it; null: it may.
  [[nodiscard]] std::optional<Attempt> unfit_for_wish() const;
  static Result<std::unique_ptr<RemoteSession>, Attempt> kept_to_wish(io::Loop& loop, Result<std::unique_ptr<RemoteSession>, Attempt> opened,
                                                                      const Candidate& candidate);
  static Task<void> dismiss(std::unique_ptr<RemoteSession> session);
  [[nodiscard]] static std::optional<io::SocketAddress> source_for(const Candidate& candidate, const SessionSettings& settings);

  io::Loop& loop_;
  OpenConnections::Place place_;  // given back when the connection is closed
  std::unique_ptr<io::Connection> connection_;
  Candidate candidate_;
  SessionSettings settings_;
  smtp::ClientConversation talk_;
  bool ready_ = false;
  bool stale_ = false;
  bool tls_failed_ = false;
  bool observed_ = false;
  std::string in_the_clear_because_;  // TLS was offered and failed, and the policy is to go on without
  FailureClass silence_ = FailureClass::NoAnswer;  // why the connection was lost, once it was
  std::uint32_t delivered_ = 0;
  TraceId about_;  // the message it works on
  CauseWatch* watch_ = nullptr;  // of the job it works on now
};

}  // namespace hikyaku::delivery
