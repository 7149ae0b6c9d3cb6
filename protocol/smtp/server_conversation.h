// ServerConversation: the server's half of SMTP (RFC 5321), message submission (RFC 6409) and LMTP (RFC 2033), pure. It is
// given the client's octets and answers which step comes next; sockets, clocks, accounts and the spool are its driver's.
//
//   ServerConversation talk(config, {.client_address = "192.0.2.7"});
//   loop: step = talk.next()
//     NeedInput      -> read; talk.receive(octets), which must stay valid until the next NeedInput; or talk.end(why)
//     Send           -> write the bytes
//     StartTls       -> handshake; talk.tls_started(facts), or hang up
//     Authenticate   -> carry the octets to whoever keeps the secrets; auth_challenge, auth_accepted or auth_refused
//                       (Phase::Cancel awaits no answer)
//     CheckSender    -> sender_checked(verdict);  CheckRecipient -> recipient_checked(verdict)
//     Flush          -> ETRN: have the mail that waits for the domain tried; flush_answered(reply)
//     BeginMessage   -> a text begins (talk.envelope() is complete but for its id)
//     AppendContent  -> the next octets of the text; the view is valid until the next call of next()
//     CommitMessage  -> make it durable; message_committed, message_refused, or recipients_settled where answers_each_recipient()
//     AbortMessage   -> forget what was appended
//     Close          -> flush, then hang up
//
// Replies are gathered until the client's input is used up, so a pipelining client gets them in one write. Nothing the
// client sends can make it throw, and its memory is bounded by Limits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "mail/envelope.h"
#include "protocol/sasl/mechanism.h"
#include "protocol/smtp/command.h"
#include "protocol/smtp/content.h"
#include "protocol/smtp/limits.h"
#include "protocol/smtp/overheard.h"
#include "protocol/smtp/received.h"
#include "protocol/smtp/reply.h"
#include "protocol/smtp/time_parameters.h"

namespace hikyaku::smtp {

enum class TlsOffer : std::uint8_t { None, StartTls, Demanded };  // Demanded: no login and no mail without it
enum class ClearPasswords : std::uint8_t { Refused, Allowed };    // PLAIN and LOGIN without TLS
enum class EndReason : std::uint8_t { Idle, TooLong, Shutdown, Trouble };

// One for each listener, shared by its sessions.
struct ServerConfig {
  std::string our_name;  // fully qualified
  Role role = Role::Relay;
  Limits limits;
  TlsOffer tls = TlsOffer::StartTls;
  Dots dots = Dots::Strict;
  TimeOffers times;
  bool etrn = false;  // RFC 1985; from who may
};

struct TlsFacts {
  std::string description;        // "TLSv1.3 TLS_AES_256_GCM_SHA384"
  bool channel_binding = false;   // tls-exporter is to be had: -PLUS may be offered
};

// Of one connection.
struct PeerFacts {
  std::string client_address;              // as in Envelope
  std::optional<TlsFacts> tls;             // set: the stream is TLS from its first octet (port 465)
  // What may be offered here; -PLUS is dropped without channel binding, PLAIN and LOGIN without TLS unless allowed.
  std::vector<sasl::Mechanism> mechanisms;
  ClearPasswords clear_passwords = ClearPasswords::Refused;
  bool may_be_urgent = false;              // its priorities count without a login (RFC 6710 §4.1)
  bool may_etrn = false;                   // so does its ETRN
};

// Nothing: accepted. A reply of 421 also ends the session.
using Verdict = std::optional<Reply>;

namespace server {
struct NeedInput {};
struct Send { std::string bytes; };
struct StartTls {};
struct Authenticate {
  enum class Phase : std::uint8_t { Begin, Respond, Cancel } phase = Phase::Begin;
  sasl::Mechanism mechanism = sasl::Mechanism::Plain;
  std::optional<std::string> octets;  // out of base64; Begin: nothing when there was no initial response
};
struct CheckSender { ReversePath reverse_path; std::uint64_t octets = 0; };  // octets: SIZE as declared (RFC 1870 §6), 0: not
struct CheckRecipient { Address recipient; std::uint64_t octets = 0; };
struct Flush { EtrnCommand of; };
struct BeginMessage {};
struct AppendContent { std::string_view octets; };
struct CommitMessage { Envelope envelope; };
struct AbortMessage {};
struct Close {};
}  // namespace server

using ServerStep = std::variant<server::NeedInput, server::Send, server::StartTls, server::Authenticate,
                                server::CheckSender, server::CheckRecipient, server::Flush, server::BeginMessage,
                                server::AppendContent, server::CommitMessage, server::AbortMessage, server::Close>;

class ServerConversation {
 public:
  ServerConversation(std::shared_ptr<const ServerConfig> config, PeerFacts peer);

  void receive(std::string_view octets);
  // The time, before receive(): what is asked of a message's time counts from here.
  void at(WallTime now) { now_ = now; }
  [[nodiscard]] ServerStep next();

  void tls_started(TlsFacts facts);
  // What may be offered changed, for instance since TLS began. Counts from the next EHLO on.
  void offer(std::vector<sasl::Mechanism> mechanisms) { peer_.mechanisms = std::move(mechanisms); }
  void auth_challenge(std::string_view octets);
  void auth_accepted(std::string account);
  void auth_refused(Reply reply);
  void sender_checked(Verdict verdict);
  // `known_as`: the address that stands for what was given, from now on.
  void recipient_checked(Verdict verdict, std::optional<Address> known_as = std::nullopt);
  void flush_answered(Reply reply);
  // 250 with the trace id, for every recipient.
  void message_committed(const TraceId& id);
  // One verdict for each of envelope().recipients, in order; all are the same unless answers_each_recipient(). Each accepted RCPT gets its reply, in order
  // (RFC 2033 §4.2); of PRDR they stand between 353 and one for all, and where they are the same that one comes alone (draft-hall-prdr-00 §4.5).
  void recipients_settled(const TraceId& id, const std::vector<Verdict>& verdicts);
  void message_refused(const Reply& reply);
  // Says 421 and closes, whatever is going on. An unfinished message is aborted.
  void end(EndReason why);

  // Tells every line of the talk, for a trace. What AUTH carries is left out, and so is the text of messages.
  void overhear(Overheard heard) { overheard_ = std::move(heard); }

  [[nodiscard]] const std::string& helo() const { return helo_; }
  [[nodiscard]] const std::string& account() const { return account_; }  // empty: nobody
  [[nodiscard]] const std::optional<TlsFacts>& tls() const { return peer_.tls; }
  // From MAIL, until its message is answered or the client gives it up.
  [[nodiscard]] bool is_in_transaction() const { return transaction_ != nullptr; }
  // Of the open transaction; an empty one when there is none.
  [[nodiscard]] const Envelope& envelope() const;
  // The text of the open transaction may get another verdict for each recipient: it comes by LMTP, or MAIL asked for it (PRDR).
  [[nodiscard]] bool answers_each_recipient() const { return config_->role == Role::Lmtp || (transaction_ && transaction_->answer_each); }
  [[nodiscard]] SessionKind kind() const;
  [[nodiscard]] std::uint32_t messages() const { return messages_; }
  // Wrong or refused commands so far, and all since the last message was taken.
  [[nodiscard]] std::uint32_t errors() const { return errors_; }
  [[nodiscard]] std::uint32_t idle_commands() const { return idle_commands_; }
  // The last negative reply given, for the log; empty when the last was none.
  [[nodiscard]] const std::string& last_refusal() const { return last_refusal_; }

 private:
  enum class Phase : std::uint8_t { Command, AuthResponse, Data, Chunk, Closing };
  enum class Awaiting : std::uint8_t { Nothing, Tls, Auth, Sender, Recipient, Flush, Commit };

  // What exists only between MAIL and the end of its message.
  struct Transaction {
    Envelope envelope;
    std::unordered_map<std::string, std::size_t> known;  // recipient -> its index
    std::vector<std::size_t> accepted;  // for each accepted RCPT, its recipient
    RcptCommand asked;                  // the recipient being checked
    std::uint64_t declared_octets = 0;  // SIZE= of MAIL
    bool priority_changed = false;      // it is another than was asked for
    bool answer_each = false;           // PRDR
    ContentReader reader;
    HopCounter hops;
    bool sender_accepted = false;
    bool content_begun = false;
    std::optional<Reply> refusal;       // the text is read on but will not be taken
  };

  bool take_line(std::string_view& line);
  bool drop_long_line();
  [[nodiscard]] std::size_t longest_line(std::string_view line) const;
  std::optional<ServerStep> need_input();
  void obey(std::string_view line);
  void obey(const Command& command);
  void hello(const Command& command);
  void start_tls(std::string_view argument);
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void data(std::string_view argument);
  void bdat(std::string_view argument);
  void rset(std::string_view argument);
  void etrn(std::string_view argument);
  [[nodiscard]] bool may_etrn() const { return config_->etrn && (peer_.may_etrn || !account_.empty()); }
  void auth(std::string_view argument);
  void auth_response(std::string_view line);
  void auth_failed(Reply reply);
  void cancel_auth(Reply reply);
  [[nodiscard]] bool may_authenticate(sasl::Mechanism mechanism) const;
  [[nodiscard]] std::string offered_mechanisms() const;
  [[nodiscard]] std::optional<Reply> reason_against_mail() const;
  [[nodiscard]] std::optional<Reply> reason_against_text() const;
  // What MAIL asks of the message's time (server_times.cc).
  void announce_times(std::vector<std::string>& words) const;
  [[nodiscard]] bool takes_hold() const { return config_->role == Role::Submission && config_->times.longest_hold.count() > 0; }
  [[nodiscard]] bool takes_by() const { return config_->role != Role::Lmtp && config_->times.deliver_by; }
  [[nodiscard]] std::optional<Reply> reason_against_times(const MailCommand& command) const;
  void take_times(const MailParameters& parameters);
  [[nodiscard]] Reply sender_ok() const;
  // RFC 8689 §2: under TLS, and not where the mail has arrived already.
  [[nodiscard]] bool takes_require_tls() const { return peer_.tls.has_value() && config_->role != Role::Lmtp; }

  std::optional<ServerStep> read_data();
  std::optional<ServerStep> read_chunk();
  std::optional<ServerStep> take_text(std::string_view run);
  void begin_text(ContentFraming framing);
  void refuse_text(Reply reply);
  void note_flaw();
  void end_of_text();
  void answer_text(const std::vector<Reply>& of_each_rcpt);
  void end_transaction();

  void tell_command(std::string_view line) const;
  void tell_replies(std::string_view wire) const;
  void reply(const Reply& reply);
  void refuse(Reply reply);
  void say_goodbye(const Reply& reply);
  void enqueue(ServerStep step) { queued_.emplace_back(std::move(step)); }

  std::shared_ptr<const ServerConfig> config_;
  PeerFacts peer_;
  Phase phase_ = Phase::Command;
  Awaiting awaiting_ = Awaiting::Nothing;
  bool extended_ = false;
  bool dropping_line_ = false;
  bool closed_ = false;
  bool chunk_last_ = false;
  sasl::Mechanism mechanism_ = sasl::Mechanism::Plain;
  std::uint32_t errors_ = 0, failed_logins_ = 0, messages_ = 0, idle_commands_ = 0;
  std::uint64_t chunk_left_ = 0, chunk_octets_ = 0;
  WallTime now_{};
  std::string helo_, account_, out_, partial_, last_refusal_;
  std::string_view input_;  // of what receive() brought (or of partial_, which then holds it), the rest
  bool input_given_ = false;
  std::vector<ServerStep> queued_;  // at most three
  std::unique_ptr<Transaction> transaction_;
  std::optional<Reply> chunk_refusal_;
  Overheard overheard_;
};

// What a connection gets that is turned away before it begins: too many from this address, or in all.
[[nodiscard]] std::string turned_away(std::string_view our_name, std::string_view why);

}  // namespace hikyaku::smtp
