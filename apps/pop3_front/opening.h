// What pop3-front tells pop3-store in HandedOver::opening: the octets read behind the login, and whether UTF8 was given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/wire.h"
#include "protocol/pop3/preauth.h"

namespace hikyaku::apps {

[[nodiscard]] inline std::string encode_opening(const pop3::HandOver& over) {
  return WireWriter{}.u8(over.utf8 == pop3::Utf8::On ? 1 : 0).text(over.received).bytes();
}

[[nodiscard]] inline std::optional<pop3::HandOver> decode_opening(std::string_view octets) {
  WireReader in(octets);
  const auto utf8 = in.u8();
  const auto received = in.text();
  if (!in.complete() || utf8 > 1) return std::nullopt;
  return pop3::HandOver{std::string(received), utf8 == 1 ? pop3::Utf8::On : pop3::Utf8::Off};
}

}  // namespace hikyaku::apps
