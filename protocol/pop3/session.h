// Session: the POP3 conversation after the login (RFC 1939 §5, the TRANSACTION and UPDATE states). Pure:
//
//   for (;;) step = session.next():
//     NeedInput -> read, session.receive(octets)
//     Send      -> write
//     Ask       -> carry out, session.answer(answer)
//     Close     -> hang up
//
// It starts with opening the maildrop, and says +OK to the login then. The list of messages is a snapshot: mail that
// arrives meanwhile is not seen, no lock keeps others out, and DELE takes effect at QUIT, all at once. A session that
// ends any other way deletes nothing. Messages go out as they are stored, without UTF8 too (RFC 6856 §5 would have us
// change them). Memory: 5 octets a message, and at most some 80 KiB of output.
#pragma once

#include <functional>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/pop3/line_reader.h"
#include "protocol/pop3/steps.h"

namespace hikyaku::pop3 {

struct SessionLimits {
  std::size_t line_octets = 255;          // RFC 2449 §4
  std::uint16_t errors = 50;              // -ERR answers; the next one ends the connection
  std::uint32_t read_octets = 64 << 10;   // of a body at once
  std::uint32_t uidls_at_once = 1'000;
};

// Messages are named by their index in the snapshot, from 0.
struct OpenDrop {};
struct ReadUidls { std::uint32_t first = 0, count = 0; };
struct ReadBody { std::uint32_t message = 0; std::uint64_t offset = 0; std::uint32_t octets = 0; };
struct Delete { std::vector<std::uint32_t> messages; };
using Request = std::variant<OpenDrop, ReadUidls, ReadBody, Delete>;

struct Drop { std::vector<std::uint32_t> octets; };             // of each message
struct Uidls { std::vector<std::string> uidls; };               // as many as asked for; an empty one: the message is gone
struct Body { std::string octets; };                            // fewer than asked for at its end
struct Deleted {};
enum class Trouble : std::uint8_t { Gone, Temporary };          // Gone: another session removed the message
using Answer = std::variant<Drop, Uidls, Body, Deleted, Trouble>;

struct Ask { Request request; };
using SessionStep = std::variant<NeedInput, Send, Ask, Close>;

class Session {
 public:
  // `received`: what the client sent behind its login.
  explicit Session(std::string received, SessionLimits limits = {});

  [[nodiscard]] SessionStep next();
  void receive(std::string_view octets) { lines_.receive(octets); }
  void answer(Answer answer);
  // Time is up or the server stops: closes without the UPDATE state.
  void end();
  // Tells each command, for a log; lines that are none are left out: they may hold anything, a password too.
  void overhear(std::function<void(std::string_view line)> heard) { overheard_ = std::move(heard); }
  // Messages removed at QUIT.
  [[nodiscard]] std::uint32_t deleted() const { return deleted_for_good_; }

 private:
  enum class Doing : std::uint8_t { Opening, Commands, Uidls, Body, Deleting, Closing };

  void command(std::string_view line);
  void stat();
  void list(std::string_view argument);
  void uidl(std::string_view argument);
  void uidls_answered(const std::vector<std::string>& uidls);
  void retrieve(std::string_view argument);
  void top(std::string_view argument);
  void start_body(std::uint32_t message, std::optional<std::uint32_t> lines);
  void body_answered(std::string_view octets);
  void add_stuffed(std::string_view octets);
  void end_body();
  void dele(std::string_view argument);
  void reset();
  void quit();
  void trouble(Trouble what);
  void ask(Request request, Doing doing);
  void ok(std::string_view text);
  void refuse(std::string_view text);
  // The message a number names, if it is there and not marked; otherwise -ERR has been said.
  std::optional<std::uint32_t> message_of(std::string_view argument);

  SessionLimits limits_;
  LineReader lines_;
  std::vector<std::uint32_t> octets_;
  std::vector<bool> marked_;
  Doing doing_ = Doing::Opening;
  std::optional<Request> request_;
  std::string out_;
  std::uint16_t errors_ = 0;
  std::uint32_t deleted_for_good_ = 0;

  // The message being sent, or the UIDLs being listed.
  std::uint32_t message_ = 0;
  std::uint64_t offset_ = 0;
  bool one_only_ = false;                     // UIDL with a number
  std::optional<std::uint32_t> top_lines_;    // TOP: body lines still to come
  bool in_header_ = true, body_begun_ = false, ends_with_line_end_ = true;
  std::uint64_t line_octets_ = 0;             // of the present line, so far
  char last_octet_ = 0;
  std::function<void(std::string_view)> overheard_;
};

}  // namespace hikyaku::pop3
