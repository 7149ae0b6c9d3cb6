#include "protocol/mime/search_text.h"

#include "base/cursor.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/transfer_encoding.h"

namespace hikyaku::mime {
namespace {
// All of message/* is text for people (RFC 2046 §5.2): reports, a message in pieces, a reference to one elsewhere.
bool is_shown_text(const Part& part) { return part.kind == Part::Kind::Leaf && (part.is("text") || part.is("message")); }

std::string as_utf8(const Part& part, std::string_view octets) {
  const auto charset = find_parameter(part.parameters, "charset").value_or(std::string_view{});
  return to_utf8(charset, octets);
}

void append_name(std::string& out, const Parameters& parameters, std::string_view parameter) {
  if (const auto name = decoded_parameter(parameters, parameter)) out += *name, out += "\n\n";
}
}  // namespace

std::string header_text(std::string_view header) {
  std::string out;
  out.reserve(header.size());
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!field->name.empty()) out += is_ascii(field->name) ? std::string(field->name) : guess_to_utf8(field->name), out += ": ";
    out += decode_header_text(field->value);
    out += '\n';
  }
  return out;
}

std::string part_text(const Part& part, std::string_view message) {
  const auto body = part.body.in(message);
  const auto encoding = transfer_encoding(part.encoding);
  const bool markup = part.is("text", "html") || part.is("text", "enriched");
  const bool as_is = encoding == TransferEncoding::Identity || encoding == TransferEncoding::Unknown;
  auto text = as_is ? as_utf8(part, body) : as_utf8(part, decode_body(encoding, body));
  return markup ? strip_html(text) : text;
}

std::string body_text(const Structure& structure, std::string_view message, TextLimits limits) {
  std::string out;
  for (const auto& part : structure.parts) {
    if (out.size() >= limits.max_octets) break;
    const bool embedded_root = part.parent != Part::none && part.envelope != Part::none;
    if (embedded_root) out += header_text(part.header.in(message));
    if (part.disposition) append_name(out, part.disposition->parameters, "filename");
    append_name(out, part.parameters, "name");
    if (!is_shown_text(part)) continue;
    out += part_text(part, message);
    out += "\n\n";
  }
  if (out.size() > limits.max_octets) {
    std::size_t end = limits.max_octets;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
    out.resize(end);
  }
  return out;
}

}  // namespace hikyaku::mime
