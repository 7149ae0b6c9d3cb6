// Whatever answers in rspamd's place: what is kept of it is short, can be logged, and makes only whole header fields.
#include <cstdint>

#include "base/check.h"
#include "base/cursor.h"
#include "services/filters/rspamd_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  const auto reply = filters::parse_rspamd_reply({reinterpret_cast<const char*>(data), size});
  if (!reply) return 0;
  for (const char c : reply->words + reply->subject + reply->summary + reply->spam_field) check(!is_ctl(c), "words are one line");
  check(reply->words.size() <= 400 && reply->edits.size() <= 100, "and bounded");
  for (const auto& edit : reply->edits) check(!edit.name.empty() && edit.name.find(':') == std::string::npos && edit.name.find('\n') == std::string::npos, "a name is a name");
  (void)filters::edit_header("Received: x\r\nSubject: a\r\n\r\n", 13, reply->edits);
  return 0;
}
