// Any client octets against every mechanism: no crash, and nobody enters without the password.
// Input: the first octet chooses mechanism and context, the rest is split at 0xff into messages.
#include <cstdlib>

#include "protocol/sasl/server_exchange.h"

using namespace hikyaku::sasl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const ScramKeys keys = *derive_scram_keys("unguessable", "0123456789abcdef", 4096);
  const auto mechanism = static_cast<Mechanism>(data[0] & 3);
  ServerContext context{"servernonce"};
  if (data[0] & 4) context.channel_binding = ChannelBinding{.data = std::string(32, 'x')};
  if (data[0] & 8) context.plus = ServerContext::Plus::Offered;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto message = [&rest] {
    const auto end = std::min(rest.find('\xff'), rest.size());
    const auto one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return one;
  };
  ServerExchange server(mechanism, std::move(context));
  ServerStep step = data[0] & 16 ? server.start(std::nullopt) : server.start(message());
  for (int turns = 0; turns < 8; ++turns) {
    if (std::holds_alternative<Challenge>(step)) {
      step = server.respond(message());
    } else if (auto* check = std::get_if<CheckPassword>(&step)) {
      if (check->user.empty() || check->password.empty() || check->password.contains('\0')) std::abort();
      step = server.password_checked(PasswordVerdict::Wrong);
    } else if (auto* find = std::get_if<FindKeys>(&step)) {
      if (find->user.empty()) std::abort();
      step = server.keys_found(keys);
    } else {
      if (std::holds_alternative<Accepted>(step)) std::abort();
      return 0;
    }
  }
  std::abort();  // no mechanism takes that long
}
