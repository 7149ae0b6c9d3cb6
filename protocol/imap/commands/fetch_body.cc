#include "protocol/imap/commands/fetch_body.h"

#include <algorithm>

#include "protocol/mime/transfer_encoding.h"

namespace hikyaku::imap {
namespace {

using mime::OctetRange;

constexpr std::uint32_t piece_octets = 64 << 10;

enum class LiteralForm : std::uint8_t { Text, Binary };

void print_literal_header(std::string& out, std::uint64_t octets, LiteralForm form) {
  if (form == LiteralForm::Binary) out += '~';
  out += '{';
  print_number(out, octets);
  out += "}\r\n";
}

OctetRange cut(OctetRange range, const std::optional<Partial>& partial) {
  if (!partial) return range;
  const auto skipped = std::min(partial->origin, range.size());
  range.begin += skipped;
  range.end = range.begin + std::min(partial->octets, range.size());
  return range;
}

void print_text_value(Conversation& talk, const FetchItem& item, std::string_view text) {
  const auto range = cut({0, text.size()}, item.partial);
  talk.out += item.label;
  talk.out += ' ';
  print_literal_header(talk.out, range.size(), LiteralForm::Text);
  talk.out += range.in(text);
}

Task<Result<std::string, Trouble>> read_piece(Conversation& talk, const MessageRecord& record, OctetRange range) {
  const auto octets = static_cast<std::uint32_t>(std::min<std::uint64_t>(range.size(), piece_octets));
  ReadBody request{talk.selected->key, record.uid, range.begin, octets};
  auto answer = co_await talk.ask(std::move(request));
  if (!answer) co_return failure(answer.error());
  // Fewer octets than the record promises: the body is damaged.
  if (answer->octets.size() != octets) co_return failure(Trouble{TroubleKind::Unavailable, "a body ends too early"});
  co_return std::move(answer->octets);
}

// BODY[...] of any size. The first piece is read before the literal is promised.
Task<bool> stream_range(Conversation& talk, const FetchItem& item, const MessageRecord& record, OctetRange range,
                          LiteralForm form) {
  bool promised = false;
  do {
    std::string piece;
    if (range.size() > 0) {
      auto reading = read_piece(talk, record, range);
      auto read = co_await std::move(reading);
      if (!read) {
        if (promised) talk.break_off("A message could not be read to its end");
        co_return false;
      }
      piece = *std::move(read);
    }
    if (!promised) {
      talk.out += item.label;
      talk.out += ' ';
      print_literal_header(talk.out, range.size(), form);
      promised = true;
    }
    range.begin += piece.size();
    talk.out += piece;
    co_await talk.room();
  } while (range.size() > 0);
  co_return true;
}

// Nothing: there is no such section.
std::optional<OctetRange> range_of(const FetchItem& item, const MessageRecord& record, const mime::Structure* structure) {
  if (item.path.empty() && item.part == SectionPart::Whole) return OctetRange{0, record.size_octets};
  check(structure != nullptr, "sections of parts need the structure");
  switch (item.part) {
    case SectionPart::Whole: return structure->section(item.path, mime::SectionText::Body);
    case SectionPart::Text: return structure->section(item.path, mime::SectionText::Text);
    case SectionPart::Mime: return structure->section(item.path, mime::SectionText::Mime);
    default: return structure->section(item.path, mime::SectionText::Header);
  }
}

bool is_header_text(const FetchItem& item) {
  return item.part == SectionPart::Header || item.part == SectionPart::HeaderFields || item.part == SectionPart::HeaderFieldsNot;
}

std::string header_value(const FetchItem& item, std::string_view header) {
  if (item.part == SectionPart::Header) return std::string(header);
  const auto which = item.part == SectionPart::HeaderFields ? mime::FieldSelection::Only : mime::FieldSelection::Except;
  return mime::select_fields(header, item.fields, which);
}

// The header of an embedded message, gathered: fields are chosen from it.
Task<Result<std::string, Trouble>> read_all(Conversation& talk, const MessageRecord& record, OctetRange range) {
  std::string all;
  while (range.size() > 0) {
    auto reading = read_piece(talk, record, range);
    auto piece = co_await std::move(reading);
    if (!piece) co_return failure(piece.error());
    range.begin += piece->size();
    all += *piece;
  }
  co_return all;
}

Task<bool> print_section(Conversation& talk, const FetchItem& item, const MessageRecord& record,
                           const mime::Structure* structure) {
  if (is_header_text(item) && item.path.empty()) {
    print_text_value(talk, item, header_value(item, record.header));
    co_return true;
  }
  const auto range = range_of(item, record, structure);
  if (!range) {
    // A part that is not there is empty (RFC 9051 §6.4.5.1 leaves it open; clients ask on a guess and expect a string).
    print_text_value(talk, item, {});
    co_return true;
  }
  if (!item.fields.empty()) {
    auto reading = read_all(talk, record, *range);
    auto header = co_await std::move(reading);
    if (!header) co_return false;
    print_text_value(talk, item, header_value(item, *header));
    co_return true;
  }
  auto streaming = stream_range(talk, item, record, cut(*range, item.partial), LiteralForm::Text);
  co_return co_await std::move(streaming);
}

// A transfer encoding, decoded piece by piece.
class Decoder {
 public:
  explicit Decoder(mime::TransferEncoding encoding) : encoding_(encoding) {}
  std::string decode(std::string_view piece, bool last) {
    std::string out;
    if (encoding_ == mime::TransferEncoding::Base64) {
      base64_.decode(piece, out);
      if (last) base64_.finish(out);
    } else {
      quoted_printable_.decode(piece, out);
      if (last) quoted_printable_.finish(out);
    }
    return out;
  }

 private:
  mime::TransferEncoding encoding_;
  mime::Base64Decoder base64_;
  mime::QuotedPrintableDecoder quoted_printable_;
};

// Decodes `range`; hands `window` of the decoded octets to the output, unless it is empty. Gives the decoded size.
Task<Result<std::uint64_t, Trouble>> decode_range(Conversation& talk, const MessageRecord& record, OctetRange range,
                                                    mime::TransferEncoding encoding, OctetRange window) {
  Decoder decoder(encoding);
  std::uint64_t decoded = 0;
  while (range.size() > 0 && (window.size() == 0 || decoded < window.end)) {
    auto reading = read_piece(talk, record, range);
    auto piece = co_await std::move(reading);
    if (!piece) co_return failure(piece.error());
    range.begin += piece->size();
    const std::string text = decoder.decode(*piece, range.size() == 0);
    const OctetRange here{decoded, decoded + text.size()};
    const OctetRange wanted{std::max(here.begin, window.begin), std::min(here.end, window.end)};
    if (wanted.begin < wanted.end) talk.out.append(text, wanted.begin - decoded, wanted.size());
    decoded = here.end;
    if (window.size() > 0) co_await talk.room();
  }
  co_return decoded;
}

// BINARY and BINARY.SIZE (RFC 9051 §6.4.5.2, RFC 3516): decoded twice, for a literal's size comes first.
Task<bool> print_decoded(Conversation& talk, const FetchItem& item, const MessageRecord& record, OctetRange range,
                           mime::TransferEncoding encoding) {
  auto counting = decode_range(talk, record, range, encoding, {});
  const auto size = co_await std::move(counting);
  if (!size) co_return false;
  talk.out += item.label;
  talk.out += ' ';
  if (item.kind == FetchKind::BinarySize) {
    print_number(talk.out, *size);
    co_return true;
  }
  const auto window = cut({0, *size}, item.partial);
  print_literal_header(talk.out, window.size(), LiteralForm::Binary);
  if (window.size() == 0) co_return true;
  auto printing = decode_range(talk, record, range, encoding, window);
  const auto printed = co_await std::move(printing);
  if (!printed) {
    talk.break_off("A message could not be read to its end");
    co_return false;
  }
  co_return true;
}

Task<bool> print_binary(Conversation& talk, const FetchItem& item, const MessageRecord& record,
                          const mime::Structure& structure) {
  const auto* part = item.path.empty() ? nullptr : structure.find(item.path);
  const auto range = range_of(item, record, &structure);
  if (!range || (!item.path.empty() && part == nullptr)) {
    talk.out += item.label + (item.kind == FetchKind::BinarySize ? " 0" : " NIL");
    co_return true;
  }
  // The whole message and what contains other parts are never encoded (RFC 2045 §6.4).
  const bool leaf = part != nullptr && part->kind == mime::Part::Kind::Leaf;
  const auto encoding = leaf ? mime::transfer_encoding(part->encoding) : mime::TransferEncoding::Identity;
  if (encoding == mime::TransferEncoding::Base64 || encoding == mime::TransferEncoding::QuotedPrintable) {
    auto printing = print_decoded(talk, item, record, *range, encoding);
    co_return co_await std::move(printing);
  }
  if (item.kind == FetchKind::BinarySize) {
    talk.out += item.label + ' ';
    print_number(talk.out, range->size());
    co_return true;
  }
  auto streaming = stream_range(talk, item, record, cut(*range, item.partial), LiteralForm::Binary);
  co_return co_await std::move(streaming);
}

}  // namespace

bool is_undecodable(const FetchItem& item, const mime::Structure& structure) {
  if (item.kind != FetchKind::Binary && item.kind != FetchKind::BinarySize) return false;
  const auto* part = item.path.empty() ? nullptr : structure.find(item.path);
  return part != nullptr && part->kind == mime::Part::Kind::Leaf &&
         mime::transfer_encoding(part->encoding) == mime::TransferEncoding::Unknown;
}

Task<bool> print_body_item(Conversation& talk, const FetchItem& item, const MessageRecord& record,
                             const mime::Structure* structure) {
  if (item.kind == FetchKind::Section) return print_section(talk, item, record, structure);
  return print_binary(talk, item, record, *structure);
}

}  // namespace hikyaku::imap
