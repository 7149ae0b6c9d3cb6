// The conversation before the login: the first octet chooses transport and split.
#include "protocol/imap/preauth.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku::imap;
  static const PreauthSettings settings;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  Preauth preauth(settings, static_cast<Transport>(data[0] % 3), OffersTls::Yes);
  const std::size_t piece = data[0] / 3 + 1;
  std::size_t at = 0;
  for (;;) {
    auto step = preauth.next();
    if (std::holds_alternative<NeedInput>(step)) {
      if (at >= input.size()) return 0;
      preauth.receive(input.substr(at, piece));
      at += piece;
    } else if (std::holds_alternative<StartTls>(step)) {
      preauth.tls_started();
    } else if (auto* start = std::get_if<SaslStart>(&step)) {
      if (start->initial_response) preauth.sasl_answered(LoginFailure::WrongCredentials);
      else preauth.sasl_answered(SaslChallenge{"more"});
    } else if (auto* respond = std::get_if<SaslRespond>(&step)) {
      if (respond->octets.size() % 2) preauth.sasl_answered(SaslAccepted{});
      else preauth.sasl_answered(SaslChallenge{"more"});
    } else if (std::holds_alternative<HandOver>(step)) {
      preauth.login_refused(LoginFailure::Unavailable);
    } else if (std::holds_alternative<Close>(step)) {
      return 0;
    }
  }
}
