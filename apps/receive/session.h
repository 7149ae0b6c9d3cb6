// Session: one connection, its conversation, and the coroutine that carries the conversation's steps out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/receive/front.h"
#include "apps/receive/patience.h"
#include "apps/receive/transaction.h"
#include "protocol/mime/binary_to_text.h"
#include "protocol/smtp/field_filter.h"
#include "protocol/smtp/server_conversation.h"
#include "protocol/policy_delegation/delegation.h"
#include "services/escrow/fingerprint.h"
#include "services/filters/content.h"
#include "services/filters/outcome.h"
#include "services/policy/judge.h"
#include "services/policy/mail_checks.h"
#include "services/policy/recipient_reply.h"
#include "services/policy/results_filter.h"
#include "services/policy/uri_check.h"

namespace hikyaku::receive {

// What the limits count a connection under.
struct Places {
  std::optional<io::AddressLimit::Place> of_address;
  OpenPlace of_all;
};

// Serves one connection until it ends. Spawned on the front's loop.
Task<void> serve(Front& front, std::shared_ptr<const Policies> policies, Port port, io::Accepted accepted, Places places);

// While `auth` does not answer.
inline const smtp::Reply& cannot_ask = policy::cannot_look_up;
inline const smtp::Reply suspended_reply{550, {5, 7, 1}, "Sending is suspended for this account: ask its administrator"};
// Only we say what the scanner said.
inline constexpr std::string_view scan_fields[] = {"X-Virus-Scanned", "X-Virus-Status"};
inline constexpr std::string_view uri_field = "X-Hikyaku-URI-List";
inline constexpr std::string_view uri_fields[] = {uri_field};
inline constexpr std::string_view scan_and_uri_fields[] = {"X-Virus-Scanned", "X-Virus-Status", uri_field};

// Asks DNS for the client's name, beside the conversation; nobody waits for it. Empty until it is known, and when there is none.
[[nodiscard]] std::shared_ptr<const std::string> name_of_client(Front& front, settings::SettingsPointer settings, const std::optional<io::IpAddress>& address);

class Session {
 public:
  Session(Front& front, std::shared_ptr<const Policies> policies, Port port, io::Accepted accepted);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Task<void> run();
  // At the end, or when there are many: recipients of an account that were refused, and with no message to come with. Nobody waits.
  void tell_refused();
  // The process stops: a session between two messages ends now, another one after its message.
  void interrupt_if_idle();

 private:
  struct Quarantined {
    quarantine::Deposit deposit;
    quarantine::Entry entry;
  };
  // The message that is arriving.
  struct Arrival {
    TraceId id;
    spool::MessageSink sink;
    std::optional<smtp::Reply> trouble;  // of ours: the disk
    std::optional<policy::ResultsFilter> forged;  // nothing: LMTP, where whoever hands over may have checked in our name
    std::unique_ptr<policy::MailChecks> checks;   // null: not a stranger's
    std::optional<smtp::FieldFilter> marks;  // takes out what only our own verdicts may say
    std::optional<policy::UriText> uris;     // what of the text is looked through for links
    std::optional<mime::BinaryToText> lines;  // of a binary message: what everybody behind it reads
    std::uint64_t ours = 0;  // octets of the text above the sender's first field
    filters::Outcome outcome;
    std::optional<Quarantined> kept_back;  // some recipients' copies; kept once all the rest is certain
    std::optional<escrow::Fingerprint> fingerprint;  // where escrow may know the mail
    std::string told;  // what the client hears whatever is found; empty: what is found

    void keep(std::string_view octets) {
      if (!marks) return sink.append(octets);
      marks->take(octets, [this](std::string_view part) { sink.append(part); });
    }
  };

  // What is asked about a text, one after the other, before the flush that 250 stands for (session_filters.cc). Each says what it thinks (never Trouble)
  // and which fields it wants changed. Answered: the client has its reply.
  using Heard = filters::Heard;
  using TextFilter = Task<Heard> (Session::*)(Arrival& arrival, Envelope& envelope);
  enum class AfterFilters : std::uint8_t { GoOn, Answered };
  // The rest of a binary message; why it cannot be taken.
  std::optional<smtp::Reply> end_lines(Envelope& envelope);
  // What the filters of its header still hold back.
  void end_text(Arrival& arrival);
  Task<AfterFilters> filter_text(Arrival& arrival, Envelope& envelope);
  // Whose copies it is about. False: the chain ends here.
  [[nodiscard]] bool take_heard(Arrival& arrival, Envelope& envelope, const Heard& heard);
  // False: nobody is left.
  bool take_out_refused(Arrival& arrival, Envelope& envelope);
  [[nodiscard]] bool is_spared(const Address& recipient) const;
  [[nodiscard]] bool spares_some(const Envelope& envelope) const;
  Task<AfterFilters> keep_back(Arrival& arrival, Envelope& envelope);
  Task<bool> has_endless_header(Arrival& arrival);
  Task<bool> edit_header(Arrival& arrival, std::vector<filters::HeaderEdit> edits);
  Task<bool> put_first(Arrival& arrival, std::string octets, std::uint64_t instead_of);
  Task<std::optional<Quarantined>> put_into_quarantine(Arrival& arrival, Envelope envelope, std::string why);
  void keep_in_quarantine(const Arrival& arrival, Quarantined& copy);
  [[nodiscard]] bool concerns(const settings::FilterRow& row) const;
  [[nodiscard]] filters::AskTerms ask_terms() const;
  // One filter's verdict, logged as its rule's finding; in mode shadow, and for whom no rule may refuse, it has no effect.
  [[nodiscard]] Heard judged(policy::RuleId rule, std::string_view by, Heard heard, std::string_view recipient = {}, const TraceId* message = nullptr);
  [[nodiscard]] Heard when_away(const settings::FilterRow& row, policy::RuleId rule, const Heard& heard);
  Task<Heard> authenticate_text(Arrival& arrival, Envelope& envelope);

  // Scanning for viruses (session_scan.cc).
  Task<Heard> scan(Arrival& arrival, Envelope& envelope);
  [[nodiscard]] bool is_to_be_scanned() const;
  [[nodiscard]] Heard take_found(Arrival& arrival, const Envelope& envelope, const std::string& name);
  [[nodiscard]] Heard take_unscanned(Arrival& arrival, const Envelope& envelope, const scanning::Scan& scan);
  void log_scan(const telemetry::Event& event, const Arrival& arrival, const Envelope& envelope, telemetry::Fields said);

  // Content rows (session_content.cc).
  Task<Heard> ask_content(Arrival& arrival, Envelope& envelope);
  void take_content(const filters::ContentFound& found, Arrival& arrival, const Envelope& envelope, std::vector<std::string>& passed, Heard& heard);

  // Rspamd (session_rspamd.cc).
  Task<Heard> ask_rspamd(Arrival& arrival, Envelope& envelope);

  // Milters (session_milters.cc): at RCPT those that want it so, the others when the text is there.
  // Who is spared is told of too, since its copy is asked about with the text; what is said against it is only logged.
  enum class Spared : std::uint8_t { No, Yes };
  Task<smtp::Verdict> ask_milters_at_rcpt(Address recipient, Spared spared);
  Task<Heard> ask_milters(Arrival& arrival, Envelope& envelope);
  Task<Heard> ask_milter(filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope);
  Task<Heard> tell_recipients(filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope);
  Task<bool> carry_out_changes(filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope, spool::MessageSink new_body);
  void change_envelope(const filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope);
  [[nodiscard]] filters::MilterFacts milter_facts(const ReversePath& sender, const TraceId* id) const;
  [[nodiscard]] std::unique_ptr<filters::MilterTalk> new_talk(const settings::FilterRow& row);

  // Policy servers (session_policy_servers.cc), when no rule of ours objects.
  Task<smtp::Verdict> ask_policy_servers(Address recipient);
  [[nodiscard]] smtp::Verdict take_action(const settings::FilterRow& row, const policy_delegation::Action& action, const Address& recipient);

  // Escrow (session_escrow.cc): copies of what is put off.
  // Refuses the recipient, now or after the text.
  Task<void> put_off(Address recipient, directory::RecipientAnswer::OnInnerServer on_inner, std::uint64_t octets, smtp::Reply reply);
  [[nodiscard]] bool may_keep_copy(const smtp::Reply& reply, std::uint64_t octets) const;
  // No recipient of the open transaction is one whose mail is taken.
  [[nodiscard]] bool none_taken() const { return talk_.envelope().recipients.size() == open_->escrowed.size(); }
  void begin_fingerprint();
  [[nodiscard]] std::string mark_of(const Arrival& arrival, const Recipient& recipient) const;
  Task<AfterFilters> attend_escrow(Arrival& arrival, Envelope& envelope);
  void take_out_released(const Arrival& arrival, Envelope& envelope);
  Task<std::string> prepare_copy(Arrival& arrival, Envelope& envelope);
  Task<void> keep_copies(Arrival& arrival, Envelope& envelope);
  Task<std::string> keep_copy(const Arrival& arrival, Recipient recipient, TraceId id, std::string why);
  void tell_passed(const Arrival& arrival, const Envelope& envelope);
  void log_escrow(const telemetry::Event& event, const TraceId& id, const Recipient& recipient, telemetry::Fields said);

  [[nodiscard]] directory::PeerContext context() const;
  [[nodiscard]] telemetry::Fields fields() const;
  [[nodiscard]] bool is_idle() const { return !talk_.is_in_transaction(); }

  Task<bool> begin_tls(std::string_view unread);
  Task<void> learn_rights();
  // False: the connection is over.
  Task<bool> read();
  Task<bool> send(std::string octets);
  // Of a stranger that floods.
  Task<void> slow_down();
  Task<bool> carry_out(smtp::ServerStep step);
  Task<void> check_sender(smtp::server::CheckSender step);
  Task<void> check_recipient(smtp::server::CheckRecipient step);
  // Of a user whom the inner server is to be asked for.
  Task<smtp::Verdict> check_inner(Address recipient, directory::RecipientAnswer::OnInnerServer on_inner);
  Task<void> flush(smtp::server::Flush step);
  Task<directory::Answer<bool>> may_ask_for(smtp::EtrnCommand of);
  Task<void> authenticate(smtp::server::Authenticate step);
  Task<void> append(std::string_view octets);
  Task<void> commit(smtp::server::CommitMessage step);
  // Durable, or why not.
  Task<smtp::Verdict> store(Arrival& arrival, const Envelope& envelope);
  // The reply to a message that could not be stored; it is in the log.
  [[nodiscard]] smtp::Reply trouble_of(const spool::SpoolError& error, const TraceId& message);
  Task<smtp::Verdict> store_within_limits(Arrival& arrival, const Envelope& envelope, std::uint64_t octets);
  void begin_message();
  // What the rules say of strangers (session_policy.cc).
  [[nodiscard]] bool is_stranger() const;
  [[nodiscard]] policy::Attempt attempt(const Address& recipient) const;
  Task<void> look_up_answers(Deadline deadline);
  Task<bool> learn_sender();
  // session_sending.cc. Whether the account may send this message; counts it. The reply: why not.
  Task<smtp::Verdict> check_sending(std::size_t recipients);
  struct Judged {
    smtp::Verdict refusal;
    bool spared = false;  // no rule may refuse its mail
    std::string scope{};  // the content rows of its own
  };
  Task<Judged> judge(Address recipient);
  // A verdict on the text would be one for all: who is spared it comes apart from who is not (DESIGN's per-recipient verdicts). Where each recipient is
  // answered, only those do of whom the text itself would differ.
  [[nodiscard]] bool must_come_apart(bool spared, std::string_view scope) const;
  [[nodiscard]] filters::Answers answers() const { return talk_.answers_each_recipient() ? filters::Answers::OfEach : filters::Answers::One; }
  smtp::Verdict conclude(const policy::Judgement& judgement, const Address& recipient);
  // Keeps the client waiting for its reply. Stayed: it is still there, and its mail may come.
  enum class InTarpit : std::uint8_t { Stayed, Left };
  Task<InTarpit> wait_in_tarpit(policy::Judgement& judgement, std::string recipient);
  [[nodiscard]] bool client_is_gone() const;
  void record(const policy::Attempt& tried, const policy::Judgement& judgement, InTarpit tarpit);
  [[nodiscard]] smtp::Verdict over_rate(const Address& recipient);
  void log_finding(const policy::Finding& finding, std::string_view recipient, const TraceId* message = nullptr);
  void begin_checks();
  void take_text(std::string_view octets);
  void take_lines(std::string_view octets);
  Task<policy::MailFindings> find_out(policy::MailChecks& checks);
  void log_checked(const TraceId& id, const policy::MailFindings& found);
  void count_for_report(const policy::MailFindings& found, policy::Refused refused);
  // The links in the text (session_uris.cc).
  Task<Heard> check_uris(Arrival& arrival, Envelope& envelope);
  Task<policy::UriFindings> look_up_uris(policy::UriCheck& check);
  [[nodiscard]] smtp::Verdict refuse_by_dmarc(const policy::MailFindings& found);
  void take(const directory::AuthStep& step);
  [[nodiscard]] HeldQuota::Limit held_limit() const;
  // Why a message that is to be held may not be (RFC 4865 §6); nothing: it may.
  [[nodiscard]] std::optional<smtp::Reply> over_held_quota(const Envelope& envelope, std::uint64_t octets) const;
  void refuse_recipient(const Address& recipient, smtp::Reply reply);
  void refuse_recipient(const Address& recipient, policy::RecipientReply answered);
  // `when` it is told, if not now.
  void log_recipient_refused(const Address& recipient, const smtp::Reply& reply, std::string_view when = {});
  // Limits of size, each recipient's own where each is answered. False: nobody is left, and the client has its reply.
  [[nodiscard]] bool fits(Arrival& arrival, Envelope& envelope);
  void refuse_message(const Arrival& arrival, const smtp::Reply& reply);
  // The answer to the text: of a copy refused apart what was said of it, of all others this; nothing: they are taken.
  void settle(const Arrival& arrival, const smtp::Verdict& of_others);
  void log_refused(const TraceId& id, const smtp::Reply& reply, std::string_view recipient = {});
  void log_accepted(const Envelope& envelope, const TraceId& id, std::uint64_t octets);

  Front& front_;
  const std::shared_ptr<const Policies> policies_;
  const Port port_;
  const std::uint64_t number_;
  const Instant started_;
  const std::string client_;
  const std::optional<io::IpAddress> address_;  // the same; nothing: a local socket
  const bool exempt_;                           // its network is one of [policy] exempt_networks
  io::Connection peer_;
  smtp::ServerConversation talk_;
  Patience patience_;
  bool waiting_ = false;       // inside read()
  bool rights_asked_ = false;  // of `auth`, for the stream as it is now
  AccountId account_;
  WallTime logged_in_{};  // when the login began
  std::uint32_t refused_recipients_ = 0;                // of the account, since auth was told
  std::shared_ptr<const std::string> client_name_;  // that leads back to its address, once known; null: nobody asked
  std::optional<bool> may_relay_;
  std::unique_ptr<directory::AuthClient::Exchange> exchange_;
  std::unique_ptr<Arrival> arrival_;
  policy::Answers answers_;
  std::optional<std::uint64_t> recorded_;  // the revision of the answers that were recorded last
  std::unique_ptr<Transaction> open_;  // from MAIL on
  std::string mechanism_;  // of the login
};

}  // namespace hikyaku::receive
