#include "protocol/imap/body_print.h"

#include "protocol/imap/print.h"

namespace hikyaku::imap {
namespace {

using mime::ListedAddress;
using mime::Part;

void print_nstring_view(std::string& out, const std::optional<std::string_view>& text) {
  if (text) {
    print_string(out, *text);
  } else {
    out += "NIL";
  }
}

void print_or_nil(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "NIL";
  } else {
    print_string(out, text);
  }
}

// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"; a group opens with a NIL host and closes with
// a NIL mailbox and a NIL host.
void print_address(std::string& out, const ListedAddress& address) {
  out += '(';
  print_or_nil(out, address.name);
  out += ' ';
  print_or_nil(out, address.route);
  out += ' ';
  if (address.kind == ListedAddress::Kind::GroupEnd) {
    out += "NIL NIL)";
    return;
  }
  print_string(out, address.mailbox);
  out += ' ';
  if (address.kind == ListedAddress::Kind::GroupStart) {
    out += "NIL";
  } else {
    print_string(out, address.host);
  }
  out += ')';
}

void print_addresses(std::string& out, const std::vector<ListedAddress>& addresses) {
  if (addresses.empty()) {
    out += " NIL";
    return;
  }
  out += " (";
  for (const auto& address : addresses) print_address(out, address);
  out += ')';
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
void print_parameters(std::string& out, const mime::Parameters& parameters) {
  if (parameters.empty()) {
    out += "NIL";
    return;
  }
  char before = '(';
  for (const auto& parameter : parameters) {
    out += before;
    before = ' ';
    print_string(out, parameter.name);
    out += ' ';
    print_string(out, parameter.value);
  }
  out += ')';
}

// body-fld-dsp = "(" string SP body-fld-param ")" / nil, body-fld-lang, body-fld-loc
void print_common_extensions(std::string& out, const Part& part) {
  out += ' ';
  if (part.disposition) {
    out += '(';
    print_string(out, part.disposition->type);
    out += ' ';
    print_parameters(out, part.disposition->parameters);
    out += ')';
  } else {
    out += "NIL";
  }
  out += ' ';
  if (part.languages.empty()) {
    out += "NIL";
  } else if (part.languages.size() == 1) {
    print_string(out, part.languages.front());
  } else {
    char before = '(';
    for (const auto language : part.languages) {
      out += before;
      before = ' ';
      print_string(out, language);
    }
    out += ')';
  }
  out += ' ';
  print_nstring_view(out, part.location);
}

void print_part(std::string& out, const mime::Structure& structure, const Part& part, BodyForm form);

// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
void print_multipart(std::string& out, const mime::Structure& structure, const Part& part, BodyForm form) {
  out += '(';
  for (const auto child : part.children) print_part(out, structure, structure.parts[child], form);
  out += ' ';
  print_string(out, part.subtype);
  if (form.extensions == Extensions::With) {
    out += ' ';
    print_parameters(out, part.parameters);
    print_common_extensions(out, part);
  }
  out += ')';
}

// body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
void print_fields(std::string& out, const Part& part) {
  if (part.parameters.empty() && part.is("text")) {
    out += R"(("charset" "us-ascii"))";  // RFC 2045 §5.2: what text is that does not say; clients rely on being told
  } else {
    print_parameters(out, part.parameters);
  }
  out += ' ';
  print_nstring_view(out, part.id);
  out += ' ';
  print_nstring_view(out, part.description);
  out += ' ';
  print_string(out, part.encoding);
  out += ' ';
  print_number(out, part.body.size());
}

// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
void print_single_part(std::string& out, const mime::Structure& structure, const Part& part, BodyForm form) {
  out += '(';
  print_string(out, part.type);
  out += ' ';
  print_string(out, part.subtype);
  out += ' ';
  print_fields(out, part);
  if (part.kind == Part::Kind::Message && (form.message_global == MessageGlobal::Message || part.is("message", "rfc822"))) {
    out += ' ';
    print_envelope(out, structure.embedded_envelope(part));
    out += ' ';
    print_part(out, structure, structure.embedded(part), form);
    out += ' ';
    print_number(out, part.lines);
  } else if (part.is("text")) {
    out += ' ';
    print_number(out, part.lines);
  }
  if (form.extensions == Extensions::With) {
    out += ' ';
    print_nstring_view(out, part.md5);
    print_common_extensions(out, part);
  }
  out += ')';
}

void print_part(std::string& out, const mime::Structure& structure, const Part& part, BodyForm form) {
  if (part.kind == Part::Kind::Multipart) {
    print_multipart(out, structure, part, form);
  } else {
    print_single_part(out, structure, part, form);
  }
}

}  // namespace

// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
//            env-in-reply-to SP env-message-id ")"
void print_envelope(std::string& out, const mime::EnvelopeStructure& envelope) {
  out += '(';
  print_nstring_view(out, envelope.date);
  out += ' ';
  print_nstring_view(out, envelope.subject);
  for (const auto* addresses : {&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to, &envelope.cc, &envelope.bcc}) {
    print_addresses(out, *addresses);
  }
  out += ' ';
  print_nstring_view(out, envelope.in_reply_to);
  out += ' ';
  print_nstring_view(out, envelope.message_id);
  out += ')';
}

void print_body(std::string& out, const mime::Structure& structure, BodyForm form) {
  print_part(out, structure, structure.root(), form);
}

}  // namespace hikyaku::imap
