// Session: the IMAP conversation after the login (RFC 9051 §3: authenticated, selected, logout). Pure: it is given the
// octets of the client and the answers of the store, and says which step comes next. Whoever drives it (a socket, a
// test, a fuzzer) does
//
//   for (;;) step = session.next():
//     NeedInput -> read, session.receive(octets); with WakeOn::Change, session.changed() when the mailbox may have changed
//     Send      -> write, in this order
//     Ask       -> carry out, session.answer(answer)
//     Close     -> write what is left, hang up
//
// The login itself is preauth.h's, in another process. Output is bounded: at most about 80 KiB wait in one Send.
// A session that waits for input holds its sequence map (8 octets a run of UIDs) and some 300 octets.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/imap/framing.h"
#include "protocol/imap/store.h"

namespace hikyaku::imap {

struct SessionSettings {
  char separator = '/';                          // between the levels of mailbox names; the store's own
  std::uint64_t append_limit_octets = 50 << 20;  // APPENDLIMIT (RFC 7889)
  FramingLimits framing;
  std::string product = "Hikyaku", version;      // ID (RFC 2971)
  // In which zone dates are told, east of UTC; the same as the store's for SEARCH. Nothing: UTC.
  std::function<std::chrono::minutes(WallTime)> zone;
};

// What the front hands over: the command that logged in still waits for its answer.
struct LoginDone {
  std::string tag;       // empty: nothing is waiting (a test, a pre-authenticated peer: "* PREAUTH" is sent)
  std::string received;  // octets the client sent already after that command
};

struct NeedInput {
  enum class WakeOn : std::uint8_t { Input, InputOrChange } wake_on = WakeOn::Input;
};
struct Send { std::string octets; };
struct Ask { StoreRequest request; };
struct Close {};
using Step = std::variant<NeedInput, Send, Ask, Close>;

class Conversation;

class Session {
 public:
  // `settings` must outlive the session.
  Session(const SessionSettings& settings, LoginDone login);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  [[nodiscard]] Step next();
  void receive(std::string_view octets);
  void answer(StoreAnswer answer);
  // The open mailbox may have changed; matters while NeedInput waits with WakeOn::InputOrChange, harmless otherwise.
  void changed();
  // Ends the session with "* BYE text" as soon as nothing is half sent; for time-outs and orderly stops.
  void say_goodbye(std::string_view text);

  // Tells each command when it was answered: its name in upper case, empty when it is none, and the words of its tagged
  // response. For a log; arguments are not told.
  void overhear(std::function<void(std::string_view command, std::string_view reply)> heard);
  // The mailbox whose changes matter now; nothing: none is selected.
  [[nodiscard]] std::optional<MailboxKey> selected() const;
  // The last command's name, in upper case, for the log; empty before the first.
  [[nodiscard]] std::string_view last_command() const;

 private:
  std::unique_ptr<Conversation> conversation_;
};

// Whether a session knows that command ("UID FETCH"), upper case: before the login the answer is "log in first".
[[nodiscard]] bool is_session_command(std::string_view name);

// What CAPABILITY says after the login.
[[nodiscard]] std::string session_capabilities(const SessionSettings& settings);

}  // namespace hikyaku::imap
