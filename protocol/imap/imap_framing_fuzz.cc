// Framing: whole or octet by octet, the same commands come out.
#include <cstdlib>

#include "protocol/imap/framing.h"

namespace {

std::string framed(std::string_view input, std::size_t piece) {
  using namespace hikyaku::imap;
  Framer framer({.command_octets = 200, .literal_octets = 50});
  std::string told;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    framer.receive(input.substr(at, piece));
    for (bool more = true; more;) {
      switch (framer.next()) {
        case Framed::NeedMore: more = false; break;
        case Framed::Command: told += framer.take_command() + "|"; break;
        case Framed::Announced:
          if (framer.text().starts_with('s')) {
            framer.stream_literal();
          } else if (framer.literal_fits()) {
            framer.gather_literal();
          } else {
            framer.refuse_literal();
          }
          break;
        case Framed::Streaming: told += framer.streamed(); break;
        case Framed::Streamed: told += "\\"; break;
        case Framed::Refused: told += "R|"; break;
        case Framed::TooLong: told += "L|"; break;
      }
    }
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4'096) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (framed(input, size + 1) != framed(input, 1)) std::abort();
  return 0;
}
