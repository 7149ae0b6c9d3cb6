// Any octets as replies: bounded, and the same replies for any split.
#include <cstdlib>
#include <vector>

#include "protocol/smtp/reply.h"

using namespace hikyaku::smtp;

namespace {
std::vector<Reply> read(std::string_view text, std::size_t piece) {
  ReplyReader reader;
  std::vector<Reply> replies;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.receive(text.substr(at, piece));
    for (;;) {
      auto reply = reader.next();
      if (!reply) return replies;
      if (!*reply) break;
      replies.push_back(**reply);
    }
  }
  return replies;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto replies = read(text, std::max<std::size_t>(text.size(), 1));
  if (replies != read(text, data[0] + 1U)) std::abort();
  for (const auto& reply : replies) {
    if (reply.code < 200 || reply.code > 599) std::abort();
    (void)reply.wire();
    (void)reply.line();
  }
  return 0;
}
