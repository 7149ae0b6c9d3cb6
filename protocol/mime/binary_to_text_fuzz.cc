// Any octets, in any pieces: what goes out is lines, the same whatever the pieces were, and never much larger.
#include <cstdlib>

#include "base/check.h"
#include "protocol/mime/binary_to_text.h"

using hikyaku::mime::BinaryToText;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  BinaryToText whole, split;
  std::string at_once, in_pieces;
  whole.take(all, at_once);
  whole.finish(at_once);
  std::size_t step = size == 0 ? 1 : 1 + data[0] % 13;
  for (std::size_t at = 0; at < size; at += step) split.take(all.substr(at, step), in_pieces);
  split.finish(in_pieces);
  hikyaku::check_or_abort(whole.flaw() == split.flaw(), "the pieces make no difference");
  if (whole.flaw() != BinaryToText::Flaw::None) return 0;
  hikyaku::check_or_abort(at_once == in_pieces, "the pieces make no difference");
  hikyaku::check_or_abort(at_once.size() <= size * 2 + 1'000, "base64 is no more than 4/3, and lines");
  std::size_t line = 0;
  for (std::size_t at = 0; at < at_once.size(); ++at) {
    hikyaku::check_or_abort(at_once[at] != '\0', "no NUL");
    hikyaku::check_or_abort(++line <= BinaryToText::longest_line, "no long line");
    hikyaku::check_or_abort((at_once[at] == '\n') == (at > 0 && at_once[at - 1] == '\r'), "CRLF only");
    if (at_once[at] == '\n') line = 0;
  }
  // What is lines without binary parts stays as it is.
  BinaryToText again;
  std::string twice;
  again.take(at_once, twice);
  again.finish(twice);
  hikyaku::check_or_abort(again.flaw() == BinaryToText::Flaw::None && twice == at_once, "done once is done");
  return 0;
}
