// Any peer's octets: no crash, an end, and an outcome for every recipient of every message begun.
// Input: the first octet chooses the settings, the second the size of the pieces.
#include <cstdlib>

#include "protocol/smtp/client_conversation.h"

using namespace hikyaku;
using namespace hikyaku::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ClientSettings settings{.our_name = "mx.here.example"};
  if (data[0] & 1) settings.protocol = ClientProtocol::Lmtp;
  settings.tls = static_cast<TlsUse>(data[0] >> 1 & 3);
  if (data[0] & 8) settings.chunking = Chunking::Never;
  if (data[0] & 16) settings.login = sasl::ClientContext{.user = "u", .password = "p", .client_nonce = "n"};
  const std::size_t piece = data[1] + 1U;
  std::string_view rest(reinterpret_cast<const char*>(data + 2), size - 2);
  OutgoingMessage message{.reverse_path = {{"s", "here.example"}}, .recipients = {{{"a", "far.example"}, "", {}}, {{"b", "far.example"}, "", {}}}, .size = 3};
  ClientConversation talk(settings);
  std::size_t begun = 0, ended = 0;
  for (int steps = 0; steps < 100'000; ++steps) {
    ClientStep step = talk.next();
    if (std::holds_alternative<client::NeedInput>(step)) {
      if (rest.empty()) {
        talk.connection_lost("lost");
      } else {
        talk.receive(rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
      }
    }
    if (std::holds_alternative<client::StartTls>(step)) talk.tls_started({});
    if (std::holds_alternative<client::NeedContent>(step)) talk.content(".\r\n");
    if (std::holds_alternative<client::Ready>(step)) {
      if (begun < 3) ++begun, talk.deliver(message);
      else talk.quit();
    }
    if (auto* outcome = std::get_if<client::Outcome>(&step)) {
      ++ended;
      if (outcome->recipients.size() != 2) std::abort();
    }
    if (std::holds_alternative<client::Closed>(step)) {
      if (begun != ended) std::abort();
      return 0;
    }
  }
  std::abort();
}
