// Records of the delivery log and heads of messages, as a rotten disk may give them: what parses prints back to the same
// meaning, and applying it to the state holds together.
#include <cstdlib>

#include "base/wire.h"
#include "services/spool/delivery_state.h"
#include "services/spool/message_record.h"

using namespace hikyaku::spool;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto head = decode_message_head(input)) {
    const auto again = decode_message_head(encode(*head));
    if (!again || again->envelope != head->envelope || again->blob_checksum != head->blob_checksum) std::abort();
  }
  if (const auto record = decode_log_record(input)) {
    const auto printed = encode(*record);
    const auto again = decode_log_record(printed);
    if (!again || encode(*again) != printed) std::abort();
    DeliveryState state, copy;
    DeadTexts dead;
    state.apply(*record, dead);
    state.apply(*record, dead);
    state.incoming.for_each_record([](const LogRecord& one) {
      if (!decode_log_record(encode(one))) std::abort();
    });
    hikyaku::WireWriter packed;
    state.holding.pack(0, UINT32_MAX, packed);
    if (!copy.holding.unpack(packed.bytes()) || copy.holding.messages() != state.holding.messages()) std::abort();
  }
  HeldTable table;
  (void)table.unpack(input);
  return 0;
}
