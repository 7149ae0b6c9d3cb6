// The head of a message's record, in incoming and in holding: where the text is, and the envelope.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mail/envelope.h"

namespace hikyaku::spool {

enum class TextPlace : std::uint8_t { InRecord = 0, InBlob = 1 };

struct MessageHead {
  TextPlace place = TextPlace::InRecord;
  Envelope envelope;
  std::optional<std::uint64_t> blob_checksum = {};  // InBlob; none in a record of the first form, which had none
};
[[nodiscard]] std::string encode(const MessageHead& head);
[[nodiscard]] std::optional<MessageHead> decode_message_head(std::string_view octets);

}  // namespace hikyaku::spool
