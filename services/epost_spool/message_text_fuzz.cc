// Any octets, any split: the same text, in whole lines with CRLF ends, which reads as itself.
#include "base/check.h"
#include "services/epost_spool/message_text.h"

using namespace hikyaku;
using namespace hikyaku::epost_spool;

namespace {
std::string read(std::string_view octets, Dots dots, std::size_t piece) {
  TextReader reader(dots);
  std::string out;
  for (std::size_t at = 0; at < octets.size(); at += piece) reader.add(octets.substr(at, piece), out);
  reader.finish(out);
  check(reader.octets() == out.size(), "the octets are counted");
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  DotsFinder whole, pieces;
  whole.add(octets);
  for (std::size_t at = 0; at < size; ++at) pieces.add(octets.substr(at, 1));
  check(whole.dots() == pieces.dots(), "any split finds the same");
  for (const auto dots : {Dots::Plain, Dots::Stuffed}) {
    const auto text = read(octets, dots, size + 1);
    check(text == read(octets, dots, 1) && text == read(octets, dots, 3), "any split reads the same");
    check(text == read(text, Dots::Plain, 7), "a text reads as itself");
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\n') check(at > 0 && text[at - 1] == '\r', "no bare LF");
      if (text[at] == '\r') check(at + 1 < text.size() && text[at + 1] == '\n', "no bare CR");
    }
  }
  return 0;
}
