// The client's octets, cut in pieces by the first octet: the conversation before the login never fails, and any cut gives
// the same talk. What it asks is answered by the octets of the response.
#include "base/check.h"
#include "protocol/pop3/preauth.h"

using namespace hikyaku;
using namespace hikyaku::pop3;

namespace {
SaslAnswer answer_to(std::string_view octets) {
  if (octets.size() % 3 == 0) return SaslAccepted{};
  if (octets.size() % 3 == 1) return SaslChallenge{std::string(octets)};
  return LoginFailure::WrongCredentials;
}

std::string talk(std::string_view input, std::size_t piece) {
  const std::vector<sasl::Mechanism> mechanisms = {sasl::Mechanism::ScramSha256, sasl::Mechanism::Plain};
  Preauth preauth({Passwords::Allowed, Stls::NotOffered, mechanisms}, "h");
  std::string said;
  for (;;) {
    auto step = preauth.next();
    if (auto* send = std::get_if<Send>(&step)) {
      said += send->octets;
    } else if (std::holds_alternative<NeedInput>(step)) {
      if (input.empty()) return said;
      preauth.receive(input.substr(0, piece));
      input.remove_prefix(std::min(piece, input.size()));
    } else if (auto* start = std::get_if<SaslStart>(&step)) {
      preauth.sasl_answered(answer_to(start->initial_response.value_or("x")));
    } else if (auto* respond = std::get_if<SaslRespond>(&step)) {
      preauth.sasl_answered(answer_to(respond->octets));
    } else if (!std::holds_alternative<SaslAbort>(step)) {
      return said + (std::holds_alternative<HandOver>(step) ? "(over)" : "(closed)");
    }
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  check(talk(input, input.size() + 1) == talk(input, std::size_t{data[0]} + 1), "any cut gives the same talk");
  return 0;
}
