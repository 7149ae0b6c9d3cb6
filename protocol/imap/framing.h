// Framing: finds one whole IMAP command in the octets a client sends, literals included, and understands none of it
// (RFC 9051 §2.2.1, §4.3; RFC 7888 non-synchronizing literals). Parsing is grammar.h's.
//
// A literal stops the framer until somebody decides: gather it into the command (small things: mailbox names, search
// strings), stream it (a message of APPEND is never held whole), or refuse it. Linear in the input, however it is split.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hikyaku::imap {

struct FramingLimits {
  std::uint32_t command_octets = 256 << 10;  // one command with its gathered literals (RFC 7162 asks for 8,192 at least)
  std::uint32_t literal_octets = 64 << 10;   // one gathered literal
};

struct Literal {
  std::uint64_t octets = 0;
  bool synchronizing = true;  // "{5}": the client waits for "+"; "{5+}" does not
  bool binary = false;        // "~{5}": may hold NUL (RFC 9051 literal8)
};

enum class Framed : std::uint8_t {
  NeedMore,  // no whole command yet
  Command,   // text() is one whole command; take_command() gives it away
  Announced, // text() ends in the header of literal(): gather_literal(), stream_literal() or refuse_literal()
  Streaming, // a streamed literal goes on: streamed() has its next octets
  Streamed,  // the streamed literal is complete; going on gives what follows it on the line
  Refused,   // the rest of a refused command has been skipped; text() is what came before the refused literal
  TooLong,   // the command passed command_octets and was skipped to its end; text() is its beginning
};

enum class LineFound : std::uint8_t { NeedMore, Whole, TooLong };

class Framer {
 public:
  explicit Framer(FramingLimits limits = {}) : limits_(limits) {}

  void receive(std::string_view octets);
  [[nodiscard]] Framed next();

  // The command without its line end; literals stand in it as they were sent, "{5}" CRLF and five octets.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string take_command();
  [[nodiscard]] const Literal& literal() const { return literal_; }

  void gather_literal();
  void stream_literal();
  // The command is lost: what the client still sends of it is skipped (a synchronizing literal is never sent).
  void refuse_literal();
  [[nodiscard]] bool literal_fits() const {
    return literal_.octets <= limits_.literal_octets && text_.size() + literal_.octets <= limits_.command_octets;
  }

  // After Streaming: the octets at hand, forgotten by the next call of next().
  [[nodiscard]] std::string_view streamed() const { return streamed_; }
  // One line that is no command (AUTHENTICATE's answers, IDLE's DONE), into `line` when it is Whole. A line longer
  // than `limit` octets is skipped to its end and told once as TooLong.
  [[nodiscard]] LineFound next_line(std::string& line, std::size_t limit);

  // Octets that were received and belong to no command yet.
  [[nodiscard]] std::string take_rest();
  [[nodiscard]] bool has_rest() const { return at_ < input_.size(); }
  // Gives back the memory of empty buffers; for a session that goes idle.
  void release_memory();

 private:
  enum class State : std::uint8_t { Line, Deciding, Gathering, StreamingNow, SkippingLine, SkippingLiteral };

  [[nodiscard]] Framed next_in_line();
  [[nodiscard]] Framed skip_line();
  [[nodiscard]] bool announces_literal();
  void drop_consumed();
  void restart_if_done();

  FramingLimits limits_;
  State state_ = State::Line;
  Framed skipped_as_ = Framed::Refused;
  bool text_done_ = false;         // text_ was answered as a whole; the next command starts afresh
  Literal literal_;
  std::uint64_t literal_left_ = 0;
  std::string text_;
  std::string input_;              // octets from at_ on are not consumed
  std::size_t at_ = 0;
  std::size_t scanned_ = 0;        // no LF before this place of input_
  std::string_view streamed_;
  std::string skipped_tail_;       // the last octets of a line being skipped: enough to see a literal's header
};

// "{" number ["+"] "}" (or literal8's "~{") at the end of a line; false when there is none. A number too large to
// count gives UINT64_MAX octets.
[[nodiscard]] bool ends_in_literal_header(std::string_view line, Literal& found);

}  // namespace hikyaku::imap
