// Structure::parse: one pass over the lines. A stack of open containers holds the boundaries that can end a part; a line
// that matches one closes everything inside it, so a missing inner delimiter costs the inner part only.
#include <cstring>

#include "base/cursor.h"
#include "protocol/mime/part_header.h"
#include "protocol/mime/structure.h"
#include "protocol/mime/transfer_encoding.h"

namespace hikyaku::mime {
namespace {
enum class Delimiter : std::uint8_t { None, Separates, Closes };

enum class Match : std::uint8_t { WholeLine, Beginning };

// dash-boundary transport-padding, or dash-boundary "--".                                         RFC 2046 §5.1.1
// "It is sufficient that the boundary appear in its entirety": what follows it on the line does not count, unless
// another container knows the whole line as its own.
Delimiter match(std::string_view line, std::string_view boundary, Match wanted) {
  line.remove_prefix(2);
  if (!line.starts_with(boundary)) return Delimiter::None;
  line.remove_prefix(boundary.size());
  const bool closes = line.starts_with("--");
  if (closes) line.remove_prefix(2);
  const bool whole = line.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (!whole && wanted == Match::WholeLine) return Delimiter::None;
  return closes ? Delimiter::Closes : Delimiter::Separates;
}

class Parser {
 public:
  Parser(std::string_view text, const StructureLimits& limits) : text_(text), limits_(limits) {}
  Structure parse();

 private:
  struct Container {
    std::uint32_t part;
    std::string_view boundary;  // empty: a Message, or a multipart whose closing delimiter was seen
  };
  struct Mark {
    std::uint64_t octet, lines;
  };

  void line(std::size_t begin, std::size_t end);
  bool delimiter(std::size_t begin, std::size_t end);
  void end_header_at_own_delimiter(std::string_view delimiter_line, std::size_t begin);
  void begin_part(std::uint32_t parent, std::size_t at);
  void end_header(Mark where);
  void open_multipart(Part& part);
  void close_down_to(std::size_t containers, Mark where);
  void settle_childless(Part& part);
  void finish_part(Part& part, Mark where);
  [[nodiscard]] Mark before_line(std::size_t begin) const;
  [[nodiscard]] std::uint32_t last() const { return static_cast<std::uint32_t>(out_.parts.size() - 1); }

  std::string_view text_;
  const StructureLimits& limits_;
  Structure out_;
  std::vector<Container> open_;
  std::vector<std::uint64_t> lines_at_body_;  // for each part: line ends before its body
  std::uint64_t lines_ = 0;                   // line ends before the present line
  bool in_header_ = false;
  bool looked_for_own_delimiter_ = false;
  bool leaf_open_ = false;                    // the last part made is still open and no container
};

Structure Parser::parse() {
  begin_part(Part::none, 0);
  std::size_t at = 0;
  while (at < text_.size()) {
    const auto* found = static_cast<const char*>(std::memchr(text_.data() + at, '\n', text_.size() - at));
    const std::size_t end = found ? static_cast<std::size_t>(found - text_.data()) + 1 : text_.size();
    line(at, end);
    if (found) ++lines_;
    at = end;
  }
  close_down_to(0, {text_.size(), lines_});
  return std::move(out_);
}

void Parser::line(std::size_t begin, std::size_t end) {
  const char first = text_[begin];
  if (first == '-' && end - begin > 2 && text_[begin + 1] == '-' && delimiter(begin, end)) return;
  if (!in_header_) return;
  const bool empty = first == '\n' || (first == '\r' && begin + 2 == end && text_[begin + 1] == '\n');
  if (empty) end_header({end, lines_ + 1});
}

// The innermost container counts first; what it does not know is its parent's.
bool Parser::delimiter(std::size_t begin, std::size_t end) {
  const auto text = text_.substr(begin, end - begin);
  if (in_header_ && !looked_for_own_delimiter_) end_header_at_own_delimiter(text, begin);
  for (const auto wanted : {Match::WholeLine, Match::Beginning})
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i].boundary.empty()) continue;
      const auto kind = match(text, open_[i].boundary, wanted);
      if (kind == Delimiter::None) continue;
      close_down_to(i + 1, before_line(begin));
      if (kind == Delimiter::Separates && out_.parts.size() < limits_.max_parts) begin_part(open_[i].part, end);
      else open_[i].boundary = {};
      return true;
    }
  return false;
}

// A multipart whose header is followed by its first delimiter without an empty line. Looked at once for each header,
// for its fields are read for it.
void Parser::end_header_at_own_delimiter(std::string_view delimiter_line, std::size_t begin) {
  looked_for_own_delimiter_ = true;
  Part part;
  TextStore texts;
  read_part_header(text_.substr(out_.parts.back().header.begin, begin - out_.parts.back().header.begin), DefaultType::TextPlain,
                   part, texts);
  const auto boundary = find_parameter(part.parameters, "boundary").value_or(std::string_view{});
  if (!part.is("multipart") || boundary.empty()) return;
  if (match(delimiter_line, boundary, Match::WholeLine) != Delimiter::None) end_header({begin, lines_});
}

// The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1), unless it ends the delimiter or the header
// before it.
Parser::Mark Parser::before_line(std::size_t begin) const {
  const auto& part = out_.parts.back();
  const bool body_just_begun = leaf_open_ || part.kind == Part::Kind::Multipart;  // one with children is not the last part
  const std::uint64_t lowest = in_header_ ? part.header.begin : body_just_begun ? part.body.begin : 0;
  if (begin <= lowest || text_[begin - 1] != '\n') return {begin, lines_};
  const std::uint64_t cut = begin - lowest >= 2 && text_[begin - 2] == '\r' ? 2 : 1;
  return {begin - cut, lines_ - 1};
}

void Parser::begin_part(std::uint32_t parent, std::size_t at) {
  const std::uint32_t index = static_cast<std::uint32_t>(out_.parts.size());
  auto& part = out_.parts.emplace_back();
  lines_at_body_.push_back(0);
  part.parent = parent;
  part.header = {at, at};
  if (parent != Part::none) out_.parts[parent].children.push_back(index);
  if (parent == Part::none || out_.parts[parent].kind == Part::Kind::Message) {
    part.envelope = static_cast<std::uint32_t>(out_.envelopes.size());
    out_.envelopes.emplace_back();
  }
  in_header_ = leaf_open_ = true;
  looked_for_own_delimiter_ = false;
}

// Reads the header that ends at `where` and decides what the part is.
void Parser::end_header(Mark where) {
  in_header_ = false;
  auto& part = out_.parts.back();
  lines_at_body_.back() = where.lines;
  part.header.end = where.octet;
  part.body = {where.octet, where.octet};
  const auto header = part.header.in(text_);
  const bool in_digest = part.parent != Part::none && out_.parts[part.parent].is("multipart", "digest");
  read_part_header(header, in_digest ? DefaultType::MessageRfc822 : DefaultType::TextPlain, part, out_.texts);
  if (part.envelope != Part::none)
    out_.envelopes[part.envelope] = read_envelope(header, limits_.addresses, out_.texts);

  const bool multipart = part.is("multipart");
  const bool message = part.is("message", "rfc822") || part.is("message", "global");
  if (!multipart && !message) return;
  const bool encoded = message && transfer_encoding(part.encoding) != TransferEncoding::Identity;
  if (encoded || open_.size() >= limits_.max_depth || out_.parts.size() >= limits_.max_parts) {
    part.type = "application", part.subtype = "octet-stream", part.parameters.clear();
  } else if (multipart) {
    open_multipart(part);
  } else {
    part.kind = Part::Kind::Message;
    open_.push_back({last(), {}});
    begin_part(last(), where.octet);
  }
}

void Parser::open_multipart(Part& part) {
  auto boundary = find_parameter(part.parameters, "boundary").value_or(std::string_view{});
  if (boundary.empty())
    if (auto decoded = decoded_parameter(part.parameters, "boundary")) boundary = out_.texts.keep(std::move(*decoded));
  while (boundary.ends_with(' ')) boundary.remove_suffix(1);
  if (boundary.empty()) return settle_childless(part);
  part.kind = Part::Kind::Multipart;
  leaf_open_ = false;
  open_.push_back({last(), boundary});
}

void Parser::close_down_to(std::size_t containers, Mark where) {
  while (in_header_) end_header(where);  // twice where a header without an empty line makes a Message
  if (leaf_open_) finish_part(out_.parts.back(), where);
  leaf_open_ = false;
  while (open_.size() > containers) {
    auto& part = out_.parts[open_.back().part];
    open_.pop_back();
    finish_part(part, where);
    if (part.children.empty()) settle_childless(part);
  }
}

void Parser::finish_part(Part& part, Mark where) {
  const auto index = static_cast<std::size_t>(&part - out_.parts.data());
  part.body.end = std::max(where.octet, part.body.begin);
  part.lines = where.octet > part.body.begin ? where.lines - lines_at_body_[index] : 0;
}

void Parser::settle_childless(Part& part) {
  part.kind = Part::Kind::Leaf;
  part.type = "text", part.subtype = "plain", part.parameters.clear();
}
}  // namespace

Structure Structure::parse(std::string_view message, const StructureLimits& limits) {
  return Parser(message, limits).parse();
}

}  // namespace hikyaku::mime
