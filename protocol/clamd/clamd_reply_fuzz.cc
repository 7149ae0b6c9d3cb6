// Whatever a scanner answers, only the one sentence is clean, and what is kept of the rest is short and printable.
#include <cstdint>

#include "base/check.h"
#include "base/cursor.h"
#include "protocol/clamd/reply.h"

namespace {

bool is_short_and_printable(std::string_view text) {
  for (const char c : text)
    if (hikyaku::is_ctl(c) || hikyaku::is_eight_bit(c)) return false;
  return text.size() <= hikyaku::clamd::longest_name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  clamd::ReplyReader whole, pieces;
  const bool ended = whole.receive(octets);
  const bool at_once = pieces.receive(octets.substr(0, cut));
  check(ended == (at_once || pieces.receive(octets.substr(cut))), "a split changes no end");
  check(whole.text() == pieces.text(), "a split changes no text");
  const auto reply = clamd::parse_scan_reply(whole.text());
  check((reply.verdict == clamd::Verdict::Clean) == (whole.text() == "stream: OK"), "only that is clean");
  check((reply.verdict == clamd::Verdict::Infected) == !reply.name.empty(), "what is infected has a name");
  check(is_short_and_printable(reply.name) && is_short_and_printable(reply.words) && reply.name.find(' ') == std::string::npos, "what is kept can be logged");
  if (const auto version = clamd::parse_version(octets)) check(is_short_and_printable(version->program), "the program's name can be logged");
  return 0;
}
