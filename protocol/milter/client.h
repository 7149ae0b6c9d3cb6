// Client: our half of one milter connection, pure. Its driver says what happens to the mail, writes what is to be written, and gives what
// the filter sends; it asks answered() whether the filter has had its say.
//
//   Client client(allowed);               client.negotiate();
//   client.connect(peer, macros);         client.hello(...);  client.mail(...);  client.recipient(...) for each
//   client.data(...);  client.header(name, value) for each;  client.end_of_header(...);  client.body(piece) ...;  client.end_of_body(...);
// and after each of them:
//   write client.take_output(); while (client.state() == Client::State::Waiting) client.receive(octets read);
//
// What the filter does not want to hear is not said, and a command that it does not answer waits for nothing. Whoever babbles (a packet
// that has no place here, a change it did not ask for, more of them than a mail has) has Failed. Everything kept is bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/milter/packet.h"
#include "protocol/smtp/reply.h"

namespace hikyaku::milter {

// What a filter says to one command.
struct Answer {
  enum class Kind : std::uint8_t {
    Continue,
    Accept,   // nothing more of this message (of this connection, when said to connect or helo) needs to be asked
    Discard,  // take it and throw it away
    Refuse,   // reply is 5xx
    Defer,    // reply is 4xx
  } kind = Kind::Continue;
  smtp::Reply reply;
};

// Changes a filter asks for at the end of the text, in its order. Values as they stand behind the colon, folds as "\n" or "\r\n".
struct AddHeader {
  std::string name, value;
};
struct InsertHeader {
  std::uint32_t place = 0;  // 0: before everything, 1: before the sender's first field, ...
  std::string name, value;
};
struct ChangeHeader {
  std::uint32_t which = 1;  // of the fields with this name, from 1
  std::string name, value;  // an empty value: the field goes
};
using HeaderChange = std::variant<AddHeader, InsertHeader, ChangeHeader>;

struct Changes {
  std::vector<HeaderChange> headers;
  std::vector<std::string> added_recipients, deleted_recipients;  // as sent: "<user@a.example>"
  std::optional<std::string> sender;
  std::optional<std::string> quarantine;  // the reason
  bool body = false;                      // it is replaced by what take_body() gave
  [[nodiscard]] bool any() const { return !headers.empty() || !added_recipients.empty() || !deleted_recipients.empty() || sender || quarantine || body; }
};

class Client {
 public:
  static constexpr std::size_t most_changes = 1'000, most_change_octets = 1 << 20;

  enum class State : std::uint8_t {
    Ready,    // the last command is answered (or needed no answer): say the next one
    Waiting,  // for the filter
    Failed,   // why() says why; the connection is of no further use
  };

  // `allowed`: of Action. A filter that wants more has Failed at once.
  explicit Client(std::uint32_t allowed = all_actions, std::uint64_t most_body_octets = 64 << 20) : allowed_(allowed), most_body_octets_(most_body_octets) {}

  void negotiate();
  // The rest after negotiate() was answered.
  void connect(const Peer& peer, const Macros& macros);
  void hello(std::string_view name, const Macros& macros);
  // "<user@a.example>" and the parameters of MAIL; of RCPT.
  void mail(const std::vector<std::string_view>& words, const Macros& macros);
  void recipient(const std::vector<std::string_view>& words, const Macros& macros);
  void data(const Macros& macros);
  // The value as it stands behind the colon, without its last line end, folds as "\n".
  void header(std::string_view name, std::string_view value);
  void end_of_header(const Macros& macros);
  // At most most_body_piece_octets.
  void body(std::string_view piece);
  void end_of_body(const Macros& macros);
  // The message is over; nothing is answered. quit() ends the connection.
  void abort();
  void quit();

  [[nodiscard]] bool wants_header() const { return (steps_ & NoHeaders) == 0; }
  // False too once it has said that it has seen enough of it.
  [[nodiscard]] bool wants_body() const { return (steps_ & NoBody) == 0 && !skips_body_; }
  [[nodiscard]] bool wants_recipients() const { return (steps_ & NoRecipient) == 0; }

  // Octets for the filter.
  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  [[nodiscard]] bool has_output() const { return !output_.empty(); }
  void receive(std::string_view octets);
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& why() const { return why_; }  // a clause: "it sent ..."
  // The filter said that it goes on working; counts such words, so that the driver knows a new one.
  [[nodiscard]] std::uint64_t signs_of_life() const { return signs_of_life_; }

  // Of the last command. Ready only.
  [[nodiscard]] const Answer& answer() const { return answer_; }
  // After end_of_body().
  [[nodiscard]] const Changes& changes() const { return changes_; }
  // The new body as far as it came since the last call.
  [[nodiscard]] std::string take_body() { return std::exchange(body_, {}); }

 private:
  enum class Expects : std::uint8_t { Terms, Verdict, VerdictOfBody, VerdictAtEnd };
  void say(Command command, std::string packet_octets, std::uint32_t left_out, std::uint32_t silent, const Macros* macros, Expects expects = Expects::Verdict);
  void take(const Packet& packet);
  void take_terms(std::string_view data);
  bool take_verdict(const Packet& packet);
  bool take_change(const Packet& packet);
  bool take_header_change(char letter, DataReader in);
  bool take_recipient(char letter, DataReader in);
  bool take_reply_code(std::string_view data);
  void conclude(Answer::Kind kind, smtp::Reply reply = {});
  void fail(std::string why);
  [[nodiscard]] bool may(std::uint32_t action) const { return (actions_ & action) != 0; }
  [[nodiscard]] bool has_room_for(std::size_t octets);

  const std::uint32_t allowed_;
  const std::uint64_t most_body_octets_;
  State state_ = State::Ready;
  Expects expects_ = Expects::Verdict;
  std::uint32_t version_ = 0, actions_ = 0, steps_ = 0;
  bool skips_body_ = false;
  PacketReader packets_;
  std::string output_, why_, body_;
  std::uint64_t body_octets_ = 0, signs_of_life_ = 0;
  std::size_t change_count_ = 0, change_octets_ = 0;
  Answer answer_;
  Changes changes_;
};

// "550 5.7.1 text", as filters send it: each line begins with the code. Nothing: no reply of 4xx or 5xx.
[[nodiscard]] std::optional<smtp::Reply> parse_reply_code(std::string_view text);

}  // namespace hikyaku::milter
