// ImapTalk: protocol/imap's conversation before the login in the steps of apps/front.
#pragma once

#include "apps/front/conversation.h"
#include "protocol/imap/preauth.h"

namespace hikyaku::apps::imap_front {

class ImapTalk final : public front::Conversation {
 public:
  explicit ImapTalk(const front::Offer& offer);

  [[nodiscard]] front::Step next() override;
  void receive(std::string_view octets) override { preauth_.receive(octets); }
  void tls_started(const front::Offer& offer) override;
  void sasl_answered(front::SaslAnswer answer) override;
  void login_refused(front::LoginFailure why) override;
  void say_goodbye(front::Goodbye why) override;

 private:
  imap::PreauthSettings settings_;
  imap::Preauth preauth_;
};

}  // namespace hikyaku::apps::imap_front
