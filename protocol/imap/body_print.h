// ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2), printed from the values of protocol/mime.
#pragma once

#include <string>

#include "protocol/mime/structure.h"

namespace hikyaku::imap {

void print_envelope(std::string& out, const mime::EnvelopeStructure& envelope);

enum class Extensions : unsigned char { Without, With };  // BODY, BODYSTRUCTURE
// Of the whole message. The recursion is as deep as the structure, which mime bounds.
void print_body(std::string& out, const mime::Structure& structure, Extensions extensions);

}  // namespace hikyaku::imap
