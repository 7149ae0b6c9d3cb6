#include "protocol/mime/binary_to_text.h"

#include <algorithm>
#include <utility>

#include "base/cursor.h"
#include "protocol/mime/part_header.h"
#include "protocol/mime/transfer_encoding.h"

namespace hikyaku::mime {
namespace {

constexpr std::size_t octets_of_a_base64_line = 57;

bool is_only_padding(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }

// The header with its first Content-Transfer-Encoding saying `encoding`.
std::string with_encoding(std::string_view header, std::string_view encoding) {
  std::string out;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!field->is("Content-Transfer-Encoding")) continue;
    out.append(header.substr(0, field->offset)).append("Content-Transfer-Encoding: ").append(encoding).append("\r\n");
    out.append(header.substr(field->offset + field->whole.size()));
    break;
  }
  return out;
}

}  // namespace

void BinaryToText::take(std::string_view octets, std::string& out) {
  while (!octets.empty() && flaw_ == Flaw::None) {
    if (place_ == Place::Header) take_header(octets, out);
    else take_body(octets, out);
  }
}

void BinaryToText::finish(std::string& out) {
  if (flaw_ != Flaw::None) return;
  // A delimiter may end the text without a line end.
  if (place_ == Place::Header && !(line_begin_ < header_.size() && header_line_ends_it(out))) end_header(out);
  if (place_ == Place::Body) {
    const std::string line = candidate_.substr(at_line_ ? line_at_ : candidate_.size());
    candidate_.resize(candidate_.size() - line.size());
    if (!take_delimiter(line, "", out)) content(std::exchange(candidate_, {}) + line, out);
  }
  end_content(out);
  if (after_cr_) flaw_ = Flaw::NotLines;
}

// ---- headers --------------------------------------------------------------------------------------------------------

void BinaryToText::begin_part(bool in_digest) {
  place_ = Place::Header;
  in_digest_ = in_digest;
  header_.clear();
  line_begin_ = 0;
}

void BinaryToText::take_header(std::string_view& octets, std::string& out) {
  const auto lf = octets.find('\n');
  const auto piece = octets.substr(0, lf == std::string_view::npos ? octets.size() : lf + 1);
  octets.remove_prefix(piece.size());
  if (header_.size() + piece.size() > most_header_octets) {
    flaw_ = Flaw::HeaderTooLong;
    return;
  }
  header_ += piece;
  if (lf == std::string_view::npos) return;
  if (header_line_ends_it(out)) return;
  line_begin_ = header_.size();
}

// The line from line_begin_ on is complete. A delimiter in place of the empty line ends the header too.
bool BinaryToText::header_line_ends_it(std::string& out) {
  const auto line = std::string_view(header_).substr(line_begin_);
  if (line == "\r\n") {
    end_header(out);
    return true;
  }
  if (!line.starts_with("--")) return false;
  const bool complete = line.ends_with("\r\n");
  const std::string delimiter(line.substr(0, line.size() - (complete ? 2 : 0)));
  if (!delimits(delimiter)) return false;
  header_.resize(line_begin_);
  end_header(out);
  take_delimiter(delimiter, complete ? "\r\n" : "", out);
  return true;
}

// Decides what the part is, from a header that is whole.
void BinaryToText::end_header(std::string& out) {
  place_ = Place::Body;
  form_ = Form::Lines;
  candidate_.clear();
  at_line_ = true;
  line_at_ = 0;
  Part part;
  TextStore texts;
  read_part_header(header_, in_digest_ ? DefaultType::MessageRfc822 : DefaultType::TextPlain, part, texts);
  const bool binary = equal_ignoring_case(part.encoding, "binary");
  const bool plain = transfer_encoding(part.encoding) == TransferEncoding::Identity;
  const bool multipart = part.is("multipart"), message = part.is("message", "rfc822") || part.is("message", "global");
  const bool container = (multipart || message) && plain;
  if (binary && !multipart && !part.is("message")) form_ = Form::Binary;
  const std::string header = binary ? with_encoding(header_, form_ == Form::Binary ? "base64" : "8bit") : std::move(header_);
  header_.clear();
  give(header, out);
  if (!container || open_.size() >= most_depth || flaw_ != Flaw::None) return;
  if (message) {
    open_.push_back({});  // ends with what contains it
    return begin_part(false);
  }
  std::string boundary(find_parameter(part.parameters, "boundary").value_or(std::string_view{}));
  if (boundary.empty())
    if (auto decoded = decoded_parameter(part.parameters, "boundary")) boundary = *std::move(decoded);
  while (boundary.ends_with(' ')) boundary.pop_back();
  if (!boundary.empty() && boundary.size() + 4 <= longest_delimiter) open_.push_back({std::move(boundary), part.is("multipart", "digest")});
}

// ---- bodies ---------------------------------------------------------------------------------------------------------

void BinaryToText::take_body(std::string_view& octets, std::string& out) {
  if (open_.empty()) {  // no delimiter can come
    content(std::exchange(candidate_, {}), out);
    content(octets, out);
    octets = {};
    return;
  }
  if (at_line_) return take_candidate(octets, out);
  if (candidate_.empty()) {
    const auto cr = octets.find('\r');
    content(octets.substr(0, cr), out);
    if (cr != std::string_view::npos) candidate_ = "\r";
    octets.remove_prefix(cr == std::string_view::npos ? octets.size() : cr + 1);
    return;
  }
  if (octets.front() != '\n') {
    content(std::exchange(candidate_, {}), out);
    return;
  }
  candidate_ += '\n';
  octets.remove_prefix(1);
  at_line_ = true;
  line_at_ = candidate_.size();
}

void BinaryToText::take_candidate(std::string_view& octets, std::string& out) {
  const char c = octets.front();
  const auto length = candidate_.size() - line_at_;
  if (c == '\n' && length > 0 && candidate_.back() == '\r') {
    octets.remove_prefix(1);
    candidate_.pop_back();
    return judge_line(out);
  }
  if ((length < 2 && c != '-') || length >= longest_delimiter) {  // no delimiter: an ordinary line, which goes on
    const bool may_begin_line_end = candidate_.size() > line_at_ && candidate_.back() == '\r';
    if (may_begin_line_end) candidate_.pop_back();
    content(std::exchange(candidate_, may_begin_line_end ? "\r" : ""), out);
    at_line_ = false;
    return;
  }
  // Up to what may end it, at once.
  const auto lf = std::max<std::size_t>(octets.find('\n'), 1);
  const auto run = length < 2 ? std::size_t{1} : std::min({octets.size(), longest_delimiter - length, lf});
  candidate_ += octets.substr(0, run);
  octets.remove_prefix(run);
}

void BinaryToText::judge_line(std::string& out) {
  const std::string line = candidate_.substr(line_at_);
  const std::string before = candidate_.substr(0, line_at_);
  candidate_ = before;
  if (take_delimiter(line, "\r\n", out)) return;
  content(before + line, out);
  candidate_ = "\r\n";
  line_at_ = candidate_.size();
}

// dash-boundary, perhaps "--", padding: of the innermost container first (RFC 2046 §5.1.1).
auto BinaryToText::delimits(std::string_view line) const -> std::optional<Delimiter> {
  if (!line.starts_with("--")) return std::nullopt;
  for (std::size_t n = open_.size(); n-- > 0;) {
    const auto& boundary = open_[n].boundary;
    if (boundary.empty() || !line.substr(2).starts_with(boundary)) continue;
    auto rest = line.substr(2 + boundary.size());
    const bool closes = rest.starts_with("--");
    if (closes) rest.remove_prefix(2);
    if (is_only_padding(rest)) return Delimiter{n, closes};
  }
  return std::nullopt;
}

// candidate_ is the line end before it.
bool BinaryToText::take_delimiter(std::string_view line, std::string_view line_end, std::string& out) {
  const auto found = delimits(line);
  if (!found) return false;
  const bool needs_line_end = form_ == Form::Lines || !any_content_;  // base64 has ended its own line
  end_content(out);
  if (needs_line_end) give(candidate_, out);
  candidate_.clear();
  give(line, out);
  give(line_end, out);
  open_.resize(found->container + 1);
  if (found->closes) open_.back().boundary.clear();
  place_ = Place::Body;
  form_ = Form::Lines;
  at_line_ = true;
  line_at_ = 0;
  if (!found->closes) begin_part(open_.back().digest);
  return true;
}

void BinaryToText::content(std::string_view octets, std::string& out) {
  if (form_ == Form::Lines) return give(octets, out);
  if (octets.empty()) return;
  any_content_ = true;
  if (!left_.empty()) {
    const auto fill = std::min(octets.size(), octets_of_a_base64_line - left_.size());
    left_ += octets.substr(0, fill);
    octets.remove_prefix(fill);
    if (left_.size() < octets_of_a_base64_line) return;
    give(encode_base64_lines(std::exchange(left_, {})), out);
  }
  const auto whole = octets.size() / octets_of_a_base64_line * octets_of_a_base64_line;
  if (whole > 0) give(encode_base64_lines(octets.substr(0, whole)), out);
  left_ = octets.substr(whole);
}

void BinaryToText::end_content(std::string& out) {
  if (!left_.empty()) give(encode_base64_lines(std::exchange(left_, {})), out);
  any_content_ = false;
}

// Everything that goes out goes by here, and is lines.
void BinaryToText::give(std::string_view octets, std::string& out) {
  if (flaw_ != Flaw::None) return;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (after_cr_ != (c == '\n') || octet == 0 || ++line_octets_ > longest_line) {
      flaw_ = Flaw::NotLines;
      return;
    }
    eight_bit_ = eight_bit_ || octet > 127;
    after_cr_ = c == '\r';
    if (c == '\n') line_octets_ = 0;
  }
  out += octets;
}

}  // namespace hikyaku::mime
