// Plays tests/dialogues/pop3/*.dialogue against the two halves of the conversation: "1 C:" is sent, "1 S:" must be the
// next line heard ("<...>" stands for any text), "1 S: (closed)" is the end of the stream. Passwords are "secret"; the
// maildrop holds the three messages below; a dialogue begins before the greeting and goes through the login.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "protocol/pop3/preauth.h"
#include "protocol/pop3/session.h"

using namespace hikyaku;
using namespace hikyaku::pop3;

namespace {
const std::vector<std::string> messages = {"Subject: one\r\n\r\nfirst\r\n", "Subject: two\r\n\r\n.dotted\r\nsecond\r\nthird\r\n", "Subject: three\r\n\r\n"};

class Player {
 public:
  Player() : preauth_({Passwords::Allowed, Stls::NotOffered, {sasl::Mechanism::ScramSha256, sasl::Mechanism::Plain}}, "mail.example") {}

  void send(const std::string& line) {
    if (session_) session_->receive(line + "\r\n");
    else preauth_.receive(line + "\r\n");
  }
  // The next line said; "(nothing)" when it waits for the client.
  std::string hear() {
    while (!heard_.contains("\r\n") && !closed_ && (session_ ? step_session() : step_preauth())) {}
    const auto end = heard_.find("\r\n");
    if (end == std::string::npos) return closed_ ? "(closed)" : "(nothing)";
    auto line = heard_.substr(0, end);
    heard_.erase(0, end + 2);
    return line;
  }

 private:
  bool step_preauth() {
    auto step = preauth_.next();
    if (auto* send = std::get_if<Send>(&step)) return heard_ += send->octets, true;
    if (auto* start = std::get_if<SaslStart>(&step)) {
      if (!start->initial_response) return preauth_.sasl_answered(SaslChallenge{""}), true;
      return check_password(*start->initial_response), true;
    }
    if (auto* respond = std::get_if<SaslRespond>(&step)) return check_password(respond->octets), true;
    if (auto* over = std::get_if<HandOver>(&step)) return session_.emplace(std::move(over->received)), true;
    if (std::holds_alternative<Close>(step)) closed_ = true;
    return std::holds_alternative<SaslAbort>(step);
  }
  void check_password(std::string_view message) {
    if (message.ends_with(std::string_view("\0secret", 7))) preauth_.sasl_answered(SaslAccepted{});
    else preauth_.sasl_answered(LoginFailure::WrongCredentials);
  }
  bool step_session() {
    auto step = session_->next();
    if (auto* send = std::get_if<Send>(&step)) return heard_ += send->octets, true;
    if (auto* ask = std::get_if<Ask>(&step)) return session_->answer(answer(ask->request)), true;
    if (std::holds_alternative<Close>(step)) closed_ = true;
    return false;
  }
  static Answer answer(const Request& request) {
    if (std::holds_alternative<OpenDrop>(request)) {
      Drop drop;
      for (const auto& message : messages) drop.octets.push_back(static_cast<std::uint32_t>(message.size()));
      return drop;
    }
    if (const auto* wanted = std::get_if<ReadUidls>(&request)) {
      Uidls out;
      for (std::uint32_t i = 0; i < wanted->count; ++i) out.uidls.push_back("uid-" + std::to_string(wanted->first + i + 1));
      return out;
    }
    if (const auto* wanted = std::get_if<ReadBody>(&request))
      return Body{messages[wanted->message].substr(wanted->offset, wanted->octets)};
    return Deleted{};
  }

  Preauth preauth_;
  std::optional<Session> session_;
  std::string heard_;
  bool closed_ = false;
};

bool matches(std::string_view heard, std::string_view wanted) {
  const auto gap = wanted.find("<...>");
  if (gap == std::string_view::npos) return heard == wanted;
  return heard.starts_with(wanted.substr(0, gap)) && heard.substr(gap).ends_with(wanted.substr(gap + 5));
}

void play(const std::filesystem::path& path) {
  std::ifstream file(path);
  Player player;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto text = line.size() > 5 ? line.substr(5) : "";
    if (line.starts_with("1 C:")) {
      player.send(text);
    } else {
      REQUIRE_MESSAGE(line.starts_with("1 S:"), path.string() << ":" << number);
      const auto heard = player.hear();
      CHECK_MESSAGE(matches(heard, text), path.string() << ":" << number << ": heard \"" << heard << "\", wanted \"" << text << "\"");
    }
  }
  CHECK_MESSAGE((player.hear() == "(nothing)" || player.hear() == "(closed)"), path.string() << ": it says more");
}
}  // namespace

TEST_CASE("pop3 dialogues") {
  int played = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/dialogues/pop3")) play(entry.path()), ++played;
  CHECK(played > 0);
}
