// Any server octets against our client: no crash, and no server without the keys is believed.
#include <cstdlib>

#include "protocol/sasl/client_exchange.h"
#include "protocol/sasl/scram_message.h"

using namespace hikyaku::sasl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto mechanism = data[0] & 1 ? Mechanism::ScramSha256 : Mechanism::Login;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  ClientExchange client(mechanism, {"user", "unguessable", "", "cn", {}});
  (void)client.start();
  for (int turns = 0; turns < 4; ++turns) {
    const auto end = std::min(rest.find('\xff'), rest.size());
    const auto challenge = rest.substr(0, end);
    if (auto first = parse_server_first(challenge); first && first->iterations > 5000) return 0;  // slow, not interesting
    if (!client.respond(challenge)) break;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (mechanism == Mechanism::ScramSha256 && client.succeeded()) std::abort();
  return 0;
}
