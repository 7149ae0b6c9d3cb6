// ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2), printed from the values of protocol/mime.
#pragma once

#include <string>

#include "protocol/mime/structure.h"

namespace hikyaku::imap {

void print_envelope(std::string& out, const mime::EnvelopeStructure& envelope);

enum class Extensions : unsigned char { Without, With };  // BODY, BODYSTRUCTURE
// What message/global is to the client: data of some type for IMAP4rev1, whose grammar (RFC 3501 §9, media-message) knows
// message/rfc822 alone and whose parsers stop at an envelope elsewhere; a message for IMAP4rev2.
enum class MessageGlobal : unsigned char { Data, Message };
struct BodyForm {
  Extensions extensions = Extensions::With;
  MessageGlobal message_global = MessageGlobal::Message;
};
// Of the whole message. The recursion is as deep as the structure, which mime bounds.
void print_body(std::string& out, const mime::Structure& structure, BodyForm form);

}  // namespace hikyaku::imap
