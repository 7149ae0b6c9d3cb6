// Any octets as a post: no crash; the copy is recognised as one of the list's; posted again it would be stopped; and the
// body is what it was.
#include <cstdlib>

#include "protocol/mime/header.h"
#include "services/delivery/onward/list_text.h"

using namespace hikyaku;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  directory::MailingList list;
  list.address = "staff@a.example";
  list.about = "\xe7\xa4\xbe\xe5\x86\x85";
  list.subject_prefix = "[staff]";
  list.reply_to_list = size % 2 == 0 ? directory::Enabled::Yes : directory::Enabled::No;
  const auto copy = delivery::list_text(list, text);
  if (!delivery::went_through_list(list, copy)) std::abort();
  mime::HeaderReader before(text);
  while (before.next()) {
  }
  const auto body = text.substr(before.position());
  if (!body.empty() && !copy.ends_with(body)) std::abort();
  const std::vector<Address> accounts{{"ann", "a.example"}};
  (void)delivery::is_automatic_answer(text);
  if (!delivery::was_delivered_to(accounts, delivery::forwarded_text(accounts, text))) std::abort();
  return 0;
}
