// Conversation: what a Session is inside, as the commands see it: the output, the open mailbox, and the three waits a
// command may do: ask the store, make room in the output, read the client. One command is one Task; the next one
// starts when it is done. For commands/ and session.cc only; drivers use session.h.
#pragma once

#include <coroutine>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/task.h"
#include "protocol/imap/framing.h"
#include "protocol/imap/mailbox_name.h"
#include "protocol/imap/print.h"
#include "protocol/imap/session.h"
#include "protocol/imap/store.h"
#include "protocol/imap/uid_map.h"

namespace hikyaku::imap {

// How a command ends: its tagged response (RFC 9051 §7.1).
struct Reply {
  enum class Status : std::uint8_t { Ok, No, Bad } status = Status::Ok;
  std::string code;  // response code without brackets; empty: none
  std::string text;
};
[[nodiscard]] Reply ok(std::string_view text);
[[nodiscard]] Reply ok(std::string code, std::string_view text);
[[nodiscard]] Reply no(std::string_view code, std::string_view text);
[[nodiscard]] Reply bad(const SyntaxError& error);
// The same, but NO [CANNOT] where the syntax is right and only the name is none that a mailbox can have: broken modified
// UTF-7, as from programs that send "R&D" as it is, no UTF-8, empty.
constexpr std::string_view a_mailbox_name = "a mailbox name";
[[nodiscard]] Reply refusal(const SyntaxError& error);
[[nodiscard]] Reply bad(std::string_view text);

// The one table from the store's troubles to response codes (RFC 9051 §7.1, RFC 5530). `Target` is a mailbox the client
// could make first: [TRYCREATE].
enum class TroubleAt : std::uint8_t { Mailbox, Target };
[[nodiscard]] Reply no(const Trouble& trouble, TroubleAt at = TroubleAt::Mailbox);

struct Selected {
  MailboxKey key = 0;
  Access access = Access::ReadWrite;
  UidMap uids;
  std::uint64_t modseq = 0;      // changes up to here have been told, or wait in `expunged`
  std::uint32_t uid_next = 1;
  NumberSet recent;              // UIDs
  NumberSet expunged;            // gone, but the client may not be told yet (RFC 9051 §7.5.1)
  NumberSet saved;               // "$", UIDs (RFC 5182)
  std::vector<std::string> keywords;  // that the client was told of
  bool arrivals_told_aside = false;   // EXISTS stood beside the answer to another command than NOOP: see idle.cc
};

enum class NumberedBy : std::uint8_t { Sequence, Uid };
// Whether EXPUNGE may be sent: not while FETCH, STORE or SEARCH by sequence number is answered (RFC 9051 §7.5.1).
enum class Expunges : std::uint8_t { Hold, Tell };

class Conversation {
 public:
  Conversation(const SessionSettings& session_settings, LoginDone login);

  // ---- state ------------------------------------------------------------------------------------------------------
  const SessionSettings& settings;
  std::unique_ptr<Selected> selected;
  bool rev2 = false;       // ENABLE IMAP4rev2
  bool utf8 = false;       // ENABLE UTF8=ACCEPT (RFC 6855)
  bool condstore = false;  // RFC 7162 §3.1: a CONDSTORE enabling command was seen
  bool qresync = false;
  bool logout = false;     // LOGOUT was answered: close after it
  bool mailbox_gone = false;  // the open mailbox was deleted; it is left when the command is answered
  std::string command;     // the name of the command under way, upper case
  NumberedBy numbered_by = NumberedBy::Sequence;
  std::function<void(std::string_view command, std::string_view reply)> overheard;  // Session::overhear()

  [[nodiscard]] NameForm name_form() const { return rev2 || utf8 ? NameForm::Utf8 : NameForm::ModifiedUtf7; }
  [[nodiscard]] Parsed<std::string> parse_mailbox(Cursor& in) const;
  void print_mailbox(std::string_view name);
  // What "*" and sequence numbers mean now, as UIDs. A sequence number that does not exist is an error (RFC 9051 §6.4);
  // a UID that does not is passed over.
  [[nodiscard]] Result<NumberSet, Reply> resolve(const SequenceSet& set, NumberedBy by) const;

  [[nodiscard]] const std::string& tag() const { return tag_; }
  [[nodiscard]] std::chrono::minutes zone(WallTime when) const { return settings.zone ? settings.zone(when) : std::chrono::minutes(0); }

  // ---- output -----------------------------------------------------------------------------------------------------
  std::string out;
  std::uint64_t sends = 0;  // how often `out` was taken in the middle of a command
  void untagged(std::string_view line);
  // Tells FLAGS and PERMANENTFLAGS anew when a keyword is there that the client does not know (RFC 9051 §7.3.1).
  void note_keywords(const MessageFlags& flags);
  // "FLAGS (...)" and "OK [PERMANENTFLAGS (...)]" of the open mailbox.
  void print_flag_lines();
  // \Recent is told of the message: not with IMAP4rev2 (RFC 9051 Appendix E).
  [[nodiscard]] Recency recency(std::uint32_t uid) const;
  // "OK [HIGHESTMODSEQ 7]" of the open mailbox.
  void print_highest_modseq();
  // A CONDSTORE enabling command was said: from the first one on the client is told MODSEQs, HIGHESTMODSEQ of the open
  // mailbox at once (RFC 7162 §3.1).
  void enable_condstore();
  // "* 5 FETCH (UID 12 FLAGS (\Seen))", nothing when the client does not know the message.
  void print_flags_update(const ChangedFlags& change);

  // ---- waits ------------------------------------------------------------------------------------------------------
  enum class Want : std::uint8_t { Nothing, Store, Room, Input, Change };

  template <class Answer>
  struct StoreWait {
    Conversation& talk;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> script) const noexcept { talk.suspend(script, Want::Store); }
    Result<Answer, Trouble> await_resume() const {
      auto answer = std::exchange(talk.answer_, StoreAnswer{});
      if (auto* trouble = std::get_if<Trouble>(&answer)) return failure(std::move(*trouble));
      auto* wanted = std::get_if<Answer>(&answer);
      check(wanted != nullptr, "the store answers a request with its own kind of answer");
      return std::move(*wanted);
    }
  };
  template <class Request>
  StoreWait<typename Request::Answer> ask(Request request) {
    request_ = std::move(request);
    return {*this};
  }

  struct Wait {
    Conversation& talk;
    Want want;
    [[nodiscard]] bool await_ready() const noexcept { return want == Want::Room && talk.out.size() < full_output_octets; }
    void await_suspend(std::coroutine_handle<> script) const noexcept { talk.suspend(script, want); }
    void await_resume() const noexcept {}
  };
  // Sends what is printed when it is much.
  Wait room() { return {*this, Want::Room}; }
  // Until more octets came, or say_goodbye(): see `leaving()`.
  Wait input() { return {*this, Want::Input}; }
  // The same, or the mailbox changed: see take_change().
  Wait input_or_change() { return {*this, Want::Change}; }
  [[nodiscard]] bool leaving() const { return !farewell_.empty(); }
  [[nodiscard]] bool take_change() { return std::exchange(changed_, false); }
  Framer& framer() { return framer_; }

  // "* 5 EXISTS", and RECENT where there is such a thing.
  void tell_size();
  // Asks what changed in the open mailbox and tells the client, but not again what is in `told`.
  Task<void> tell_changes(Expunges expunges);
  // Changes of flags that the command under way has reported, or was asked not to (.SILENT): UID to MODSEQ.
  std::map<std::uint32_t, std::uint64_t> told;
  // The connection cannot go on (a literal was cut short, the mailbox is gone): "* BYE text" and close.
  void break_off(std::string_view text);

  // ---- for Session ------------------------------------------------------------------------------------------------
  Step next();
  void receive(std::string_view octets);
  void answer(StoreAnswer answer);
  void changed() { changed_ = true; }
  void say_goodbye(std::string_view text);

  static constexpr std::size_t full_output_octets = 16 << 10;

 private:
  void suspend(std::coroutine_handle<> script, Want want) {
    waiting_ = script;
    want_ = want;
  }
  // nullopt: go on looking.
  std::optional<Step> next_of_command();
  std::optional<Step> next_of_framer();
  void start(Task<Reply> script);
  void begin_command(std::string text);
  void begin_append();
  void finish_command();
  void refuse(std::string_view text_so_far, std::string_view code, std::string_view why);
  void finish(const Reply& reply);
  void forget_command_memory();
  void leave_deleted_mailbox();
  void leave_gone_mailbox();
  Step need_input(NeedInput::WakeOn wake_on);

  Framer framer_;
  std::string tag_;
  Task<Reply> script_;
  std::string text_;  // the command under way
  std::coroutine_handle<> waiting_;
  Want want_ = Want::Nothing;
  bool running_ = false;   // a command is under way
  bool asked_ = false, answered_ = false, received_ = false;
  bool changed_ = false, closing_ = false;
  std::uint16_t errors_ = 0;
  StoreRequest request_;
  StoreAnswer answer_;
  std::string farewell_;
};

// ---- the commands -----------------------------------------------------------------------------------------------------

enum CommandState : std::uint8_t { Authenticated = 1, SelectedOnly = 2 };
struct CommandEntry {
  std::string_view name;   // upper case, "UID FETCH"
  CommandState state;
  Expunges expunges;       // when its answer is complete
  Task<Reply> (*run)(Conversation& talk, Cursor arguments);
};
// nullptr: there is no such command.
[[nodiscard]] const CommandEntry* find_command(std::string_view name);

}  // namespace hikyaku::imap
