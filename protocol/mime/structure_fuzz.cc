// Any octets are a message: the parts tile it, its compact form reads back the same, its text is valid UTF-8; and any
// octets are a compact form that is refused or sound.
#include "base/check.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/search_text.h"
#include "protocol/mime/structure.h"

using namespace hikyaku;
using namespace hikyaku::mime;

namespace {
void check_tiling(const Structure& structure, std::string_view message) {
  check(structure.root().header.begin == 0 && structure.octets() == message.size(), "the root is the whole message");
  for (std::size_t i = 0; i < structure.parts.size(); ++i) {
    const auto& part = structure.parts[i];
    check(part.header.begin <= part.header.end && part.header.end == part.body.begin, "a body follows its header");
    std::uint64_t at = part.body.begin;
    for (const auto child : part.children) {
      check(child > i && structure.parts[child].header.begin >= at, "children follow each other");
      at = structure.parts[child].body.end;
    }
    check(at <= part.body.end, "children are inside their parent");
    check((part.kind == Part::Kind::Leaf) == part.children.empty(), "only containers have children");
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto structure = Structure::parse(input, {.max_depth = 8, .max_parts = 100});
  check_tiling(structure, input);
  const auto bytes = structure.encode();
  const auto again = Structure::decode(bytes);
  check(again && again->parts == structure.parts && again->envelopes == structure.envelopes, "the compact form is exact");
  check(is_valid_utf8(body_text(structure, input)), "text is UTF-8");
  check(is_valid_utf8(normalise(header_text(input))), "header text is UTF-8");
  if (const auto read = Structure::decode(input)) {
    for (const auto& part : read->parts)
      if (part.kind == Part::Kind::Message) (void)read->embedded_envelope(part);
    check(Structure::decode(read->encode()).has_value(), "what was read can be written and read");
  }
  return 0;
}
