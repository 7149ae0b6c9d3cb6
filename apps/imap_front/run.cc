#include "apps/imap_front/run.h"

#include "apps/front/front.h"
#include "apps/imap_front/imap_talk.h"
#include "services/telemetry/events.h"

namespace hikyaku::apps {
namespace {

front::Kind imap_kind() {
  front::Kind kind;
  kind.protocol = directory::Protocol::Imap;
  kind.listener = "imap";
  kind.tls_listener = "imaps";
  kind.store_socket = "run/imap-store.sock";
  kind.too_many = "* BYE [UNAVAILABLE] Too many connections\r\n";
  kind.login = &telemetry::events::imap_login;
  kind.login_failed = &telemetry::events::imap_login_failed;
  kind.limits = [](const settings::Settings& settings) {
    return front::Limits{settings.imap.login_time(), static_cast<std::size_t>(settings.imap.connections()),
                         static_cast<std::size_t>(settings.imap.connections_per_address())};
  };
  kind.talk = [](const front::Offer& offer, const std::string&) -> std::unique_ptr<front::Conversation> {
    return std::make_unique<imap_front::ImapTalk>(offer);
  };
  return kind;
}

}  // namespace

int run_imap_front(Service& service) { return front::run(service, imap_kind()); }

}  // namespace hikyaku::apps
