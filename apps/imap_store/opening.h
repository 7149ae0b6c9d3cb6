// What imap-front tells imap-store of a login (front::HandedOver::opening): the tag that waits for its OK, and the octets
// the client sent already.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/wire.h"
#include "protocol/imap/session.h"

namespace hikyaku::apps::imap_store {

[[nodiscard]] inline std::string encode_opening(const imap::LoginDone& login) {
  return WireWriter().text(login.tag).text(login.received).bytes();
}

[[nodiscard]] inline std::optional<imap::LoginDone> decode_opening(std::string_view octets) {
  WireReader reader(octets);
  imap::LoginDone login;
  login.tag = reader.text();
  login.received = reader.text();
  if (!reader.complete() || login.tag.empty()) return std::nullopt;
  return login;
}

}  // namespace hikyaku::apps::imap_store
