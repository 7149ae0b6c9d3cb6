// The compact form of a Structure, as cached in the mailbox record. One version octet, then parts in order, then the
// envelopes; all numbers are varints, ranges are lengths from where the one before ended where that is short.
#include "base/wire.h"
#include "protocol/mime/structure.h"

namespace hikyaku::mime {
namespace {
constexpr std::uint8_t version = 1;
constexpr std::size_t most_children_read = 1'000'000;  // far above StructureLimits; guards memory against damage

void put(WireWriter& out, const std::optional<std::string_view>& text) {
  out.u8(text ? 1 : 0);
  if (text) out.text(*text);
}

void put(WireWriter& out, const Parameters& parameters) {
  out.varint(parameters.size());
  for (const auto& [name, value] : parameters) out.text(name).text(value);
}

void put(WireWriter& out, const std::vector<ListedAddress>& list) {
  out.varint(list.size());
  for (const auto& address : list) {
    out.u8(static_cast<std::uint8_t>(address.kind));
    out.text(address.name).text(address.route).text(address.mailbox).text(address.host);
  }
}

void put(WireWriter& out, const Part& part) {
  out.u8(static_cast<std::uint8_t>(part.kind));
  out.varint(part.parent == Part::none ? 0 : std::uint64_t{part.parent} + 1);
  out.varint(part.envelope == Part::none ? 0 : std::uint64_t{part.envelope} + 1);
  out.varint(part.header.begin).varint(part.header.size()).varint(part.body.size()).varint(part.lines);
  out.text(part.type).text(part.subtype);
  put(out, part.parameters);
  out.text(part.encoding);
  put(out, part.id), put(out, part.description), put(out, part.md5), put(out, part.location);
  out.u8(part.disposition ? 1 : 0);
  if (part.disposition) out.text(part.disposition->type), put(out, part.disposition->parameters);
  out.varint(part.languages.size());
  for (const auto language : part.languages) out.text(language);
}

void put(WireWriter& out, const EnvelopeStructure& envelope) {
  put(out, envelope.date), put(out, envelope.subject);
  put(out, envelope.in_reply_to), put(out, envelope.message_id);
  put(out, envelope.from);
  // Most mail has neither Sender nor Reply-To of its own.
  out.u8(static_cast<std::uint8_t>((envelope.sender == envelope.from ? 0 : 1) + (envelope.reply_to == envelope.from ? 0 : 2)));
  if (envelope.sender != envelope.from) put(out, envelope.sender);
  if (envelope.reply_to != envelope.from) put(out, envelope.reply_to);
  put(out, envelope.to), put(out, envelope.cc), put(out, envelope.bcc);
}

// Reads what put() wrote. Every count is checked against the octets left, so damage cannot make it allocate.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}
  std::optional<Structure> structure();

 private:
  std::size_t count();
  std::optional<std::string_view> maybe_text();
  Parameters parameters();
  std::vector<ListedAddress> addresses();
  Part part();
  EnvelopeStructure envelope();
  [[nodiscard]] bool sound(const Structure& structure) const;

  WireReader in_;
  bool broken_ = false;
};

std::size_t Reader::count() {
  const auto value = in_.varint();
  if (value > in_.rest().size() || value > most_children_read) return broken_ = true, 0;
  return static_cast<std::size_t>(value);
}

std::optional<std::string_view> Reader::maybe_text() {
  const auto present = in_.u8();
  broken_ = broken_ || present > 1;
  return present == 1 ? std::optional(in_.text()) : std::nullopt;
}

Parameters Reader::parameters() {
  Parameters out(count());
  for (auto& parameter : out) parameter.name = in_.text(), parameter.value = in_.text();
  return out;
}

std::vector<ListedAddress> Reader::addresses() {
  std::vector<ListedAddress> out(count());
  for (auto& address : out) {
    const auto kind = in_.u8();
    broken_ = broken_ || kind > static_cast<std::uint8_t>(ListedAddress::Kind::GroupEnd);
    address.kind = static_cast<ListedAddress::Kind>(kind);
    address.name = in_.text(), address.route = in_.text(), address.mailbox = in_.text(), address.host = in_.text();
  }
  return out;
}

Part Reader::part() {
  Part part;
  const auto kind = in_.u8();
  broken_ = broken_ || kind > static_cast<std::uint8_t>(Part::Kind::Message);
  part.kind = static_cast<Part::Kind>(kind);
  part.parent = static_cast<std::uint32_t>(in_.varint() - 1);
  part.envelope = static_cast<std::uint32_t>(in_.varint() - 1);
  part.header.begin = in_.varint();
  part.header.end = part.header.begin + in_.varint();
  part.body.begin = part.header.end;
  part.body.end = part.body.begin + in_.varint();
  part.lines = in_.varint();
  part.type = in_.text(), part.subtype = in_.text();
  part.parameters = parameters();
  part.encoding = in_.text();
  part.id = maybe_text(), part.description = maybe_text(), part.md5 = maybe_text(), part.location = maybe_text();
  const auto disposed = in_.u8();
  broken_ = broken_ || disposed > 1;
  if (disposed == 1) {
    const auto type = in_.text();
    part.disposition = Disposition{type, parameters()};
  }
  part.languages.resize(count());
  for (auto& language : part.languages) language = in_.text();
  return part;
}

EnvelopeStructure Reader::envelope() {
  EnvelopeStructure out;
  out.date = maybe_text(), out.subject = maybe_text(), out.in_reply_to = maybe_text(), out.message_id = maybe_text();
  out.from = addresses();
  const auto own = in_.u8();
  broken_ = broken_ || own > 3;
  out.sender = (own & 1) != 0 ? addresses() : out.from;
  out.reply_to = (own & 2) != 0 ? addresses() : out.from;
  out.to = addresses(), out.cc = addresses(), out.bcc = addresses();
  return out;
}

// What the accessors rely on: parents before children, ranges inside the parent's, one child and an envelope where due.
bool Reader::sound(const Structure& structure) const {
  const auto& parts = structure.parts;
  std::uint32_t envelopes = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts[i];
    const bool root = i == 0;
    if (root != (part.parent == Part::none) || (!root && part.parent >= i)) return false;
    if (part.header.end < part.header.begin || part.body.end < part.body.begin) return false;
    if (root && part.header.begin != 0) return false;
    const auto* parent = root ? nullptr : &parts[part.parent];
    if (parent && (part.header.begin < parent->body.begin || part.body.end > parent->body.end)) return false;
    if (parent && parent->kind == Part::Kind::Leaf) return false;
    const bool of_message = root || parent->kind == Part::Kind::Message;
    if (of_message ? part.envelope != envelopes++ : part.envelope != Part::none) return false;
    if (part.kind == Part::Kind::Message && part.children.size() != 1) return false;
    if (part.kind == Part::Kind::Multipart && part.children.empty()) return false;
  }
  return envelopes == structure.envelopes.size();
}

std::optional<Structure> Reader::structure() {
  if (in_.u8() != version) return std::nullopt;
  Structure out;
  const auto parts = count();
  if (parts == 0) return std::nullopt;
  out.parts.reserve(std::min<std::size_t>(parts, 64));
  for (std::size_t i = 0; i < parts && !broken_ && !in_.broken(); ++i) {
    auto next = part();
    if (next.parent < i) out.parts[next.parent].children.push_back(static_cast<std::uint32_t>(i));
    out.parts.push_back(std::move(next));
  }
  const auto envelopes = count();
  for (std::size_t i = 0; i < envelopes && !broken_ && !in_.broken(); ++i) out.envelopes.push_back(envelope());
  if (broken_ || !in_.complete() || out.parts.size() != parts || !sound(out)) return std::nullopt;
  return out;
}
}  // namespace

std::string Structure::encode() const {
  WireWriter out;
  out.u8(version).varint(parts.size());
  for (const auto& part : parts) put(out, part);
  out.varint(envelopes.size());
  for (const auto& envelope : envelopes) put(out, envelope);
  return std::move(out).bytes();
}

std::optional<Structure> Structure::decode(std::string_view bytes) { return Reader(bytes).structure(); }

}  // namespace hikyaku::mime
