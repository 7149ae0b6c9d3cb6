// Whatever the header and the edits are: without edits nothing changes, the sender's other fields stay as they were, and no edit ends the header or
// makes a field of another name.
#include <cstdint>

#include "base/check.h"
#include "base/cursor.h"
#include "protocol/mime/header.h"
#include "services/filters/header_edits.h"

namespace {
using namespace hikyaku;

std::size_t fields_in(std::string_view header) {
  mime::HeaderReader reader(header);
  std::size_t count = 0;
  while (reader.next()) ++count;
  return count;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 4, size - 4);
  const std::size_t value_octets = octets.empty() ? 0 : data[0] % (octets.size() + 1);
  const auto value = octets.substr(0, value_octets);
  const auto rest = octets.substr(value_octets);
  const std::string ours = "Received: from a.example\r\n\tby b.example\r\n";
  const std::string header = ours + std::string(rest.substr(0, static_cast<std::size_t>(mime::header_octets(rest))));
  const filters::HeaderEdit edit{static_cast<filters::HeaderEdit::Kind>(data[1] % 4), data[2] % 5U, "X-Edit", std::string(value)};
  const auto one_field = filters::field_octets("X-Edit", value);
  check(fields_in(one_field) == 1 && one_field.ends_with("\r\n"), "a field is one field");
  check(mime::header_octets(one_field) == one_field.size(), "and does not end the header");
  const auto kept = filters::edit_header(header, ours.size(), {});
  check(kept == header || kept == header + "\r\n", "nothing edited, nothing changed");
  const auto edited = filters::edit_header(header, ours.size(), {edit});
  check(edited.find(ours) != std::string::npos, "what is ours stays");
  if (edit.kind == filters::HeaderEdit::Kind::Append || edit.kind == filters::HeaderEdit::Kind::Insert) {
    const auto at = edited.find(one_field);
    check(at != std::string::npos, "what is added is there");
    check(edited.size() == kept.size() + one_field.size(), "and nothing else is");
  }
  return 0;
}
