// Reads the fields of one part's header into a Part and, for the header of a message, into an EnvelopeStructure.
// Inside the structure parser only.
#pragma once

#include <string_view>

#include "protocol/mime/structure.h"

namespace hikyaku::mime {

// Fills type, parameters, encoding, id, disposition and the rest from `header`; defaults are as Part documents them,
// with message/rfc822 for a part of a multipart/digest.
enum class DefaultType : std::uint8_t { TextPlain, MessageRfc822 };
void read_part_header(std::string_view header, DefaultType default_type, Part& part, TextStore& texts);

[[nodiscard]] EnvelopeStructure read_envelope(std::string_view header, AddressLimits limits, TextStore& texts);

}  // namespace hikyaku::mime
