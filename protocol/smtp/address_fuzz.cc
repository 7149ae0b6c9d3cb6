// Any octets as a path or a mailbox: what is accepted prints to a text that reads back as the same.
#include <cstdlib>

#include "protocol/smtp/address.h"
#include "protocol/smtp/command.h"

using namespace hikyaku;
using namespace hikyaku::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = parse_address(text)) {
    const auto again = parse_address(address->text());
    if (!again || *again != *address || address->domain.empty()) std::abort();
  }
  if (const auto mail = parse_mail(text); mail && !mail->reverse_path.is_null()) {
    if (!is_valid_utf8(mail->reverse_path.text())) std::abort();
  }
  (void)parse_rcpt(text, Utf8::Allowed);
  (void)parse_rcpt(text, Utf8::Refused);
  (void)parse_bdat(text);
  if (const auto plain = xtext_decode(text); plain && xtext_decode(xtext_encode(*plain)) != *plain) std::abort();
  return 0;
}
