// Edits of a message's header by filters: added, inserted, changed and removed fields. What is not edited stays octet by octet; the lines above the
// sender's first field (our Received and what else we put there) can be inserted around, but neither counted nor changed. Pure, linear in the header
// for each edit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::filters {

struct HeaderEdit {
  enum class Kind : std::uint8_t {
    Append,  // behind the last field
    Insert,  // place 0: above everything; n: above the sender's n-th field, or behind the last one
    Change,  // the place-th field of that name, from 1 (of none such: appended); an empty value: it goes
    Remove,  // all fields of that name
  } kind = Kind::Append;
  std::uint32_t place = 0;
  std::string name;   // 1*ftext
  std::string value;  // as it stands behind the colon: " text", folds as "\n" or "\r\n"
};

// `header`: of the message, with the empty line behind it if there is one. `ours`: of its octets, what stands above the sender's first field.
[[nodiscard]] std::string edit_header(std::string_view header, std::size_t ours, const std::vector<HeaderEdit>& edits);

// "Name: text" CRLF. Whatever the value is, the field is one field: its lines are folded, none is empty.
[[nodiscard]] std::string field_octets(std::string_view name, std::string_view value);

}  // namespace hikyaku::filters
