#include "services/spool/envelope_keys.h"

#include "base/checksum.h"
#include "base/cursor.h"

namespace hikyaku::spool {

TextKey key_of(std::string_view text) {
  if (text.empty()) return 0;
  const auto key = static_cast<TextKey>(checksum(ascii_lower(text)));
  return key == 0 ? 1 : key;
}

MessageFacts facts_of(const Envelope& envelope) {
  const auto sender = envelope.reverse_path.is_null() ? std::string("<>") : envelope.reverse_path.text();
  return {key_of(sender), key_of(envelope.account), envelope.accepted_at, envelope.body_octets, envelope.priority,
          envelope.deliver_by ? envelope.deliver_by->deadline : WallTime{}};
}

RecipientKeys keys_of(const Recipient& recipient) {
  return {key_of(recipient.address.text()), key_of(recipient.address.domain)};
}

}  // namespace hikyaku::spool
