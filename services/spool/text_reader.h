// TextReader: one message's text from its first octet to its last, for who passes it on in pieces. The last piece is given
// only when the whole is what was accepted: damage on disk ends as an error, never as mail.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/checksum.h"
#include "services/spool/message.h"

namespace hikyaku::spool {

// What a text must be: checksum(text, seed) == value (base/checksum.h). No value: a blob of the first format, which had none.
struct TextSum {
  std::uint64_t octets = 0;
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> value;
};

// One thread at a time. Blocks.
class TextReader {
 public:
  struct Source {
    std::function<SpoolResult<TextSum>()> sum;
    // As Spool::body: what is the whole text is verified there.
    std::function<SpoolResult<std::string>(std::uint64_t offset, std::uint64_t octets)> read;
  };
  TextReader(Source source, std::uint64_t octets) : source_(std::move(source)), octets_(octets) {}

  // The next `octets`, fewer at the end, none behind it. Damaged instead of the last piece when the text is not whole; after
  // an error every call gives the same one.
  SpoolResult<std::string> next(std::uint64_t octets);
  // The same as an error for each that is left: for who needs only the beginning, but of a text that is whole.
  SpoolResult<> verify_rest();

 private:
  SpoolResult<std::string> read(std::uint64_t octets);

  const Source source_;
  const std::uint64_t octets_;
  std::uint64_t at_ = 0;
  std::optional<TextSum> sum_;
  StreamingChecksum running_;
  std::optional<SpoolError> failed_;
};

}  // namespace hikyaku::spool
