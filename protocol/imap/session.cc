#include "protocol/imap/session.h"

#include "protocol/imap/conversation.h"

namespace hikyaku::imap {

Session::Session(const SessionSettings& settings, LoginDone login)
    : conversation_(std::make_unique<Conversation>(settings, std::move(login))) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Step Session::next() { return conversation_->next(); }
void Session::receive(std::string_view octets) { conversation_->receive(octets); }
void Session::answer(StoreAnswer answer) { conversation_->answer(std::move(answer)); }
void Session::changed() { conversation_->changed(); }
void Session::say_goodbye(std::string_view text) { conversation_->say_goodbye(text); }

void Session::overhear(std::function<void(std::string_view, std::string_view)> heard) { conversation_->overheard = std::move(heard); }

std::optional<MailboxKey> Session::selected() const {
  if (!conversation_->selected) return std::nullopt;
  return conversation_->selected->key;
}

std::string_view Session::last_command() const { return conversation_->command; }

bool is_session_command(std::string_view name) { return name == "UID" || find_command(name) != nullptr; }

std::string session_capabilities(const SessionSettings& settings) {
  std::string text =
      "IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE IDLE NAMESPACE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED "
      "LIST-STATUS STATUS=SIZE UNSELECT UIDPLUS MOVE ESEARCH SEARCHRES WITHIN BINARY CONDSTORE QRESYNC MULTIAPPEND "
      "UTF8=ACCEPT OBJECTID SAVEDATE QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE APPENDLIMIT=";
  print_number(text, settings.append_limit_octets);
  return text;
}

}  // namespace hikyaku::imap
