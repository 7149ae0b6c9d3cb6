// Any client octets: no crash, the same talk for any split, no message without a recipient, no text with a bare line end.
// Input: the first octet chooses role and TLS, the second the size of the pieces of a second run.
#include <cstdlib>

#include "protocol/smtp/scripted_world.h"

using namespace hikyaku::smtp;

namespace {
void check_messages(const ScriptedWorld& world) {
  for (const auto& message : world.messages) {
    if (message.envelope.recipients.empty()) std::abort();
    const std::string& text = message.text;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) std::abort();
      if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) std::abort();
    }
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;  // a client that says nothing gets its greeting in one piece only
  auto config = test_config();
  config.role = static_cast<Role>(data[0] % 3);
  config.limits.message_octets = 4096;
  config.limits.content.most_line_octets = 200;
  if (data[0] & 8) config.times = test_times();
  config.etrn = (data[0] & 16) != 0;
  const auto tls = data[0] & 4 ? WorldTls::FromTheStart : WorldTls::None;
  const std::size_t piece = data[1] + 1U;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  ScriptedWorld whole(config, tls);
  whole.say(text);
  check_messages(whole);
  ScriptedWorld pieces(config, tls);
  for (std::size_t at = 0; at < text.size(); at += piece) pieces.say(text.substr(at, piece));
  check_messages(pieces);
  // Octets after STARTTLS are refused when they came with it, and are TLS when they came later.
  if (whole.tls_handshakes == 0 && pieces.tls_handshakes == 0 && whole.output != pieces.output) std::abort();
  return 0;
}
