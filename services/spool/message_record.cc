#include "services/spool/message_record.h"

#include "base/wire.h"

namespace hikyaku::spool {

namespace {
constexpr char checked_blob = 2;  // as InBlob, and the text's checksum before the envelope
}

std::string encode(const MessageHead& head) {
  if (head.place != TextPlace::InBlob || !head.blob_checksum) return static_cast<char>(head.place) + head.envelope.encode();
  WireWriter out;
  out.u64(*head.blob_checksum);
  return checked_blob + out.bytes() + head.envelope.encode();
}

std::optional<MessageHead> decode_message_head(std::string_view octets) {
  if (octets.empty() || static_cast<unsigned char>(octets[0]) > checked_blob) return std::nullopt;
  if (octets[0] == checked_blob) {
    if (octets.size() < 9) return std::nullopt;
    auto envelope = Envelope::decode(octets.substr(9));
    if (!envelope) return std::nullopt;
    return MessageHead{TextPlace::InBlob, *std::move(envelope), WireReader(octets.substr(1, 8)).u64()};
  }
  auto envelope = Envelope::decode(octets.substr(1));
  if (!envelope) return std::nullopt;
  return MessageHead{static_cast<TextPlace>(octets[0]), *std::move(envelope)};
}

}  // namespace hikyaku::spool
