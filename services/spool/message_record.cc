#include "services/spool/message_record.h"

namespace hikyaku::spool {

std::string encode(const MessageHead& head) {
  return static_cast<char>(head.place) + head.envelope.encode();
}

std::optional<MessageHead> decode_message_head(std::string_view octets) {
  if (octets.empty() || static_cast<unsigned char>(octets[0]) > 1) return std::nullopt;
  auto envelope = Envelope::decode(octets.substr(1));
  if (!envelope) return std::nullopt;
  return MessageHead{static_cast<TextPlace>(octets[0]), *std::move(envelope)};
}

}  // namespace hikyaku::spool
