// ClientConversation: the client's half of an SMTP or LMTP session, pure. It is given the peer's octets and answers which
// step comes next, so that delivery runs it over a socket, tests over tables, and the fuzzer over anything.
//
//   ClientConversation talk(settings);
//   loop: step = talk.next()
//     Send         -> write the bytes
//     NeedInput    -> read with the time limit of step.wait; talk.receive(bytes), or talk.connection_lost(why)
//     StartTls     -> handshake; talk.tls_started(facts), or close and try again with TlsUse::Never
//     Ready        -> talk.deliver(message), or talk.quit()
//     NeedContent  -> talk.content(octets) ..., all size octets in all; then the conversation goes on by itself
//     Outcome      -> one answer for each recipient, in order; Ready or Closed follows
//     Closed       -> hang up
//
// One session carries any number of messages (RSET is sent where the state demands it).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mail/envelope.h"
#include "protocol/sasl/client_exchange.h"
#include "protocol/smtp/overheard.h"
#include "protocol/smtp/reply.h"
#include "protocol/smtp/time_parameters.h"

namespace hikyaku::smtp {

enum class ClientProtocol : std::uint8_t { Smtp, Lmtp };
enum class TlsUse : std::uint8_t {
  Opportunistic,  // STARTTLS when offered; in the clear when it is not, or when the peer refuses it
  Required,       // no TLS, no mail: the session fails with 4.7.4 (a transient failure: somebody may repair it)
  Never,
  Implicit,       // the stream is TLS from its first octet
};
enum class Chunking : std::uint8_t { WhenOffered, Never };

// The error classes of delivery. NoAnswer: no connection, a lost one, a time limit, or words that are not SMTP.
enum class OutcomeClass : std::uint8_t { Accepted, Transient, Refused, NoAnswer };

struct ClientSettings {
  std::string our_name;  // for EHLO: a host name or an address literal
  ClientProtocol protocol = ClientProtocol::Smtp;
  TlsUse tls = TlsUse::Opportunistic;
  Chunking chunking = Chunking::WhenOffered;
  // Log in before the first message; without a mechanism both know (PLAIN and LOGIN under TLS only) the session fails.
  // The channel binding is filled in by tls_started().
  std::optional<sasl::ClientContext> login;
  // Only this one ("PLAIN", "LOGIN", "SCRAM-SHA-256", which its -PLUS form satisfies, or "XOAUTH2", where login.password is
  // the access token); empty: the strongest both know, never XOAUTH2.
  std::string mechanism;
};

// What the peer's EHLO offered.
struct PeerOffers {
  bool pipelining = false, eight_bit_mime = false, binary_mime = false, smtputf8 = false, chunking = false, dsn = false,
       starttls = false, size = false, enhanced_codes = false, xoauth2 = false, require_tls = false,
       mt_priority = false, deliver_by = false, prdr = false;
  std::int32_t shortest_by = 0;     // DELIVERBY's min-by-time, 0: none said
  std::uint64_t size_limit = 0;     // 0: none said
  std::uint32_t recipient_limit = 0;  // LIMITS RCPTMAX (RFC 9422), 0: none said
  std::uint32_t mail_limit = 0;       // LIMITS MAILMAX, 0: none said
  std::vector<sasl::Mechanism> mechanisms;
};

// Where in the talk an answer arose, for logs and bounces.
enum class Stage : std::uint8_t { Connect, Greeting, Hello, Tls, Auth, Mail, Rcpt, Data, Content, Quit };
[[nodiscard]] std::string_view stage_name(Stage stage);

struct RecipientOutcome {
  OutcomeClass klass = OutcomeClass::NoAnswer;
  Stage stage = Stage::Connect;
  Reply reply;  // the peer's; of NoAnswer and of what we decide ourselves, ours (see said_by_peer)
  bool said_by_peer = false;
  friend bool operator==(const RecipientOutcome&, const RecipientOutcome&) = default;
};

struct OutgoingMessage {
  ReversePath reverse_path;
  std::vector<Recipient> recipients;  // at least one; at most peer.recipient_limit where that is set
  std::uint64_t size = 0;             // octets that content() will bring, exactly
  BodyType body_type = BodyType::SevenBit;
  bool smtputf8 = false;
  bool require_tls = false;           // RFC 8689; whether the peer is verified is for who opened the session
  ReturnContent return_content = ReturnContent::NotGiven;
  std::string envelope_id;
  std::int8_t priority = 0;
  std::optional<ByRequest> by;        // from now
  // Only asks whether the recipients would be taken: MAIL and RCPT, and no text. Whoever would be is Accepted at stage Rcpt; the transaction ends
  // with the next one's RSET, or with QUIT.
  bool only_asks = false;
};

struct ClientTls {
  std::optional<sasl::ChannelBinding> channel_binding;  // of TLS 1.3
};

// RFC 5321 §4.5.3.2: which wait this is; client_wait_limit() gives its time limit.
enum class ClientWait : std::uint8_t { Greeting, Command, DataStart, DataEnd };
[[nodiscard]] std::uint32_t client_wait_limit_seconds(ClientWait wait);  // 300, 300, 120, 600

namespace client {
struct NeedInput { ClientWait wait; };
struct Send { std::string bytes; };
struct StartTls {};
struct Ready {};
struct NeedContent {};
struct Outcome { std::vector<RecipientOutcome> recipients; };
// The session is over. `why` says what every message not yet tried would have got; after quit() it is Accepted.
struct Closed { RecipientOutcome why; };
}  // namespace client

using ClientStep = std::variant<client::NeedInput, client::Send, client::StartTls, client::Ready, client::NeedContent,
                                client::Outcome, client::Closed>;

class ClientConversation {
 public:
  explicit ClientConversation(ClientSettings settings);

  void receive(std::string_view bytes);
  // The stream failed or a wait took too long. What had no answer becomes NoAnswer with this sentence.
  void connection_lost(std::string_view why);
  void tls_started(ClientTls facts);

  // After Ready only.
  void deliver(OutgoingMessage message);
  void quit();
  // After NeedContent only: the next octets of the message, lines ending in CRLF; dot-stuffed here when DATA is used.
  void content(std::string_view octets);

  [[nodiscard]] ClientStep next();

  // Each line of both sides from here on, AUTH's secrets and the message's text apart.
  void overhear(Overheard heard) { overheard_ = std::move(heard); }

  [[nodiscard]] const PeerOffers& peer() const { return peer_; }
  // Whole replies so far: a peer that sends one octet a second makes no progress.
  [[nodiscard]] std::uint64_t replies_taken() const { return replies_taken_; }
  // The peer has answered EHLO or HELO: its offers are known.
  [[nodiscard]] bool greeted() const { return greeted_; }
  [[nodiscard]] bool is_encrypted() const { return encrypted_; }

 private:
  enum class State : std::uint8_t {
    Greeting, Hello, HelloOld, StartTlsSent, Handshake, Auth, Ready, Envelope, DataSent, Content, ContentEnd, Outcome, Quit, Closed
  };
  enum class Expect : std::uint8_t { Rset, Mail, Rcpt };

  void say(std::string_view line, Stage stage);
  void tell_said(std::string_view line, Stage stage) const;
  void take_reply(Reply reply);
  void take_greeting(const Reply& reply);
  void take_hello(const Reply& reply);
  void take_starttls(const Reply& reply);
  void take_auth(const Reply& reply);
  void take_envelope_reply(Reply reply);
  void take_data_reply(Reply reply);
  void take_final_reply(Reply reply);
  void begin_each();
  void take_each(RecipientOutcome outcome);
  void send_hello();
  void after_hello();
  void begin_auth();
  void begin_xoauth2();
  void no_mechanism();
  [[nodiscard]] bool may_use(sasl::Mechanism mechanism) const;
  void send_envelope();
  void send_next_envelope_command();
  void envelope_answered();
  [[nodiscard]] bool has_open_recipients() const;
  [[nodiscard]] bool goes_by_chunks() const { return peer_.chunking && settings_.chunking == Chunking::WhenOffered; }
  void begin_content();
  void send_empty_text();
  void finish_message();
  void fail_session(OutcomeClass klass, Reply reply, bool said_by_peer);
  void fail_open_recipients(const RecipientOutcome& outcome);
  [[nodiscard]] std::optional<Reply> reason_not_to_send() const;
  [[nodiscard]] std::optional<Reply> reason_of_time() const;
  [[nodiscard]] std::string mail_command() const;
  [[nodiscard]] Notify asked_of(Notify notify) const;
  [[nodiscard]] std::string rcpt_command(const Recipient& recipient) const;
  [[nodiscard]] bool lmtp() const { return settings_.protocol == ClientProtocol::Lmtp; }

  ClientSettings settings_;
  State state_ = State::Greeting;
  Stage stage_ = Stage::Greeting;
  PeerOffers peer_;
  bool encrypted_ = false, greeted_ = false;
  bool logged_in_ = false;
  bool starttls_refused_ = false;
  bool needs_reset_ = false;
  ReplyReader replies_;
  std::uint64_t replies_taken_ = 0;
  std::string out_;
  std::optional<sasl::ClientExchange> exchange_;
  std::optional<sasl::ChannelBinding> channel_binding_;

  OutgoingMessage message_;
  std::vector<std::optional<RecipientOutcome>> outcomes_;
  std::deque<Expect> expected_;
  std::size_t next_recipient_ = 0;      // whose RCPT is answered next
  std::optional<RecipientOutcome> mail_refused_;
  bool data_said_ = false;              // with the envelope
  bool by_data_ = false;                // DATA, not BDAT
  bool asks_each_ = false;              // MAIL says PRDR, and no 353 has come yet
  std::deque<std::size_t> each_;        // after it: the recipients whose replies are to come
  std::vector<std::pair<std::size_t, RecipientOutcome>> taken_;  // that count when the last reply is good
  std::uint64_t content_left_ = 0;
  char stuff_before_ = '\n';            // the last octet sent of the content: a dot after "\n" is doubled
  RecipientOutcome closed_why_;
  Overheard overheard_;
};

}  // namespace hikyaku::smtp
