// Mail of accounts that logged in: whether this one still may, told to `auth` with what it sends (docs/adr/0032-abuse.md).
#include "apps/receive/session.h"
#include "services/policy/client_name.h"

namespace hikyaku::receive {
namespace {

constexpr Duration patience = 20s;  // nobody waits for it

Task<void> learn_name(Front& front, settings::SettingsPointer settings, io::IpAddress address, std::shared_ptr<std::string> into) {
  policy::Answers answers;
  const auto deadline = front.loop.after(patience);
  for (;;) {
    auto name = policy::client_name(address, answers);
    if (name) co_return void(*into = std::move(name->name));
    auto looking = front.gate.look_up(settings, answers, deadline);
    (void)co_await std::move(looking);
  }
}

Task<void> report(Front& front, directory::SentReport what) {
  auto telling = front.auth.may_send(std::move(what));
  (void)co_await std::move(telling);  // the next MAIL meets what follows from it; without an answer it is lost
}

}  // namespace

std::shared_ptr<const std::string> name_of_client(Front& front, settings::SettingsPointer settings, const std::optional<io::IpAddress>& address) {
  auto name = std::make_shared<std::string>();
  if (address && !address->is_loopback() && settings->abuse.hijacked() != "off") front.loop.spawn(learn_name(front, std::move(settings), *address, name));
  return name;
}

Task<smtp::Verdict> Session::check_sending(std::size_t recipients) {
  if (policies_->settings->abuse.hijacked() == "off") co_return std::nullopt;
  directory::SentReport report{account_, client_, client_name_ ? *client_name_ : std::string{}, static_cast<std::uint32_t>(recipients), std::exchange(refused_recipients_, 0)};
  auto asking = front_.auth.may_send(std::move(report));
  const auto answer = co_await std::move(asking);
  const auto* right = std::get_if<directory::SendRight>(&answer);
  if (right == nullptr) co_return cannot_ask;
  if (*right == directory::SendRight::Suspended) co_return suspended_reply;
  co_return std::nullopt;
}

void Session::tell_refused() {
  if (refused_recipients_ == 0 || policies_->settings->abuse.hijacked() == "off") return;
  front_.loop.spawn(report(front_, {account_, client_, client_name_ ? *client_name_ : std::string{}, 0, std::exchange(refused_recipients_, 0)}));
}

}  // namespace hikyaku::receive
