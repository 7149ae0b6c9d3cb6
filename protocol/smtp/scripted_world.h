// ScriptedWorld: the outside of a server conversation for tests, dialogues and the fuzzer: a few accounts, a spool in
// memory. u and v are users of here.example, full is one whose mailbox is full and strict one who wants no mail, told where each recipient is answered;
// u's password is p. It is 22:13:20 on the 14th of November 2023.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/sasl/server_exchange.h"
#include "protocol/smtp/server_conversation.h"

namespace hikyaku::smtp {

enum class WorldTls : std::uint8_t { None, FromTheStart };

struct TakenMessage {
  Envelope envelope;
  std::string text;
};

[[nodiscard]] ServerConfig test_config();
// Urgent up to 6, held for a day, delivered by or returned after 30 seconds.
[[nodiscard]] TimeOffers test_times();

class ScriptedWorld {
 public:
  explicit ScriptedWorld(ServerConfig config = test_config(), WorldTls tls = WorldTls::None);

  // Gives the octets to the conversation and returns what it said; after Close, nothing more is given.
  std::string say(std::string_view octets);
  // Steps until input is needed or the session is closed.
  std::string run();

  ServerConversation talk;
  std::string user = "u", password = "p", local_domain = "here.example";
  std::vector<std::string> locals{"u", "v", "full", "strict", "postmaster"};
  std::vector<TakenMessage> messages;
  std::string output;  // everything said so far
  bool closed = false;
  int aborted = 0, tls_handshakes = 0;

 private:
  void take(server::Authenticate step);
  void take(const server::CheckRecipient& step);
  void take(server::CommitMessage step);
  void answer(sasl::ServerStep step);

  std::optional<sasl::ServerExchange> exchange_;
  std::string text_;
  bool text_open_ = false;
  std::string given_;  // keeps the octets given alive
};

}  // namespace hikyaku::smtp
