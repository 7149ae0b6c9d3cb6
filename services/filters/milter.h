// MilterTalk: one message and one milter, over a connection of its own. The pure half is protocol/milter; this reads, writes and watches the time. Whatever the milter
// does, it has the row's `total` for all calls of the message together; the time between them is the sender's. Each call waits for its turn with the milter, and all
// of them no longer than `total` once more.
//
//   MilterTalk talk(loop, row, asked, terms);
//   begin(facts), recipient(...) each, text(...), then finish()
//
// What it says to connect, EHLO and MAIL is said of every recipient. One that has said "accept" is not asked again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/connection.h"
#include "io/loop.h"
#include "protocol/milter/client.h"
#include "services/filters/asked.h"
#include "services/filters/heard.h"
#include "services/scanning/scanner.h"

namespace hikyaku::filters {

struct MilterFacts {
  milter::Peer peer;
  std::string helo;
  std::vector<std::string> mail;  // "<taro@a.example>", "SIZE=100"
  milter::Macros of_connection, of_hello, of_mail;
};

// Where a new body goes, piece by piece. False: it cannot be kept.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual Task<bool> take(std::string piece) = 0;
};

class MilterTalk {
 public:
  static constexpr std::size_t most_header_octets = 2 << 20;  // the sender's, and what filters before it put in

  MilterTalk(io::Loop& loop, settings::FilterRow row, Asked& asked, AskTerms terms, std::uint64_t most_body_octets);
  MilterTalk(const MilterTalk&) = delete;
  MilterTalk& operator=(const MilterTalk&) = delete;
  ~MilterTalk() { note_success(); }

  Task<Heard> begin(MilterFacts facts);
  // "<hanako@b.example>". After begin().
  Task<Heard> recipient(std::string word, milter::Macros macros);
  // The sender's text, from its first field on.
  Task<Heard> text(scanning::Text& text, milter::Macros macros, BodySink& new_body);
  // What it wants changed besides the header fields that text() told. After text().
  [[nodiscard]] const milter::Changes& changes() const { return client_.changes(); }
  // Says goodbye, without waiting for anything.
  Task<void> finish();

  [[nodiscard]] const settings::FilterRow& row() const { return row_; }
  [[nodiscard]] bool is_done() const { return settled_.has_value(); }

 private:
  class Call;
  // Waits for a turn; the Call that follows gives it back. False: it is settled why not.
  Task<bool> enter();
  Task<Heard> open(const MilterFacts& facts);
  // Until the last command is answered. The error is a clause.
  Task<Result<void, std::string>> hear(BodySink* new_body = nullptr);
  Task<Result<void, std::string>> flush();
  Task<Heard> heard(BodySink* new_body = nullptr);
  Task<Result<bool, std::string>> send_header(std::string_view header);
  Task<Heard> send_text(scanning::Text& text, milter::Macros macros, BodySink& new_body);
  Task<Heard> send_body(scanning::Text& text, std::string begun, milter::Macros macros, BodySink& new_body);
  [[nodiscard]] Heard conclude();
  enum class Blame : std::uint8_t { Milter, Message };  // the message's, or ours: it rests for its own failures alone
  Heard trouble(std::string why, Blame blame = Blame::Milter);
  void note_success();
  [[nodiscard]] Deadline end_of_answer() const { return std::min(end_, loop_.after(row_.timeout)); }

  io::Loop& loop_;
  const settings::FilterRow row_;
  Asked& asked_;
  const AskTerms terms_;
  milter::Client client_;
  std::unique_ptr<io::Connection> connection_;
  Duration left_, waits_left_;  // of `total`
  Deadline end_{};              // of the call
  bool answered_ = false;       // and that was not noted yet: whether it is well is known when it is over
  std::optional<Heard> settled_;  // nothing more is asked: this is said of all that comes
};

}  // namespace hikyaku::filters
