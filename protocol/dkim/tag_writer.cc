#include "protocol/dkim/tag_writer.h"

#include "base/base64.h"

namespace hikyaku::dkim {
namespace {
constexpr std::size_t most_columns = 76;
constexpr std::size_t first_signature_part = 70, signature_part = 72;  // the first has "b=" before it
constexpr std::size_t most_line_octets = 998;                          // RFC 5322 §2.1.1
}

void TagWriter::fold() {
  text_ += "\r\n ";
  column_ = 1;
}

void TagWriter::put(std::string_view piece) {
  text_ += piece;
  column_ += piece.size();
}

void TagWriter::add_parts(std::string_view name, const std::vector<std::string>& parts, char separator) {
  if (!first_) put(";");
  const std::string begin = std::string(name) + "=" + (parts.empty() ? std::string() : parts.front());
  if (fold_next_ || column_ + begin.size() + 3 > most_columns) fold();
  else put(" ");
  first_ = fold_next_ = false;
  put(begin);
  for (std::size_t n = 1; n < parts.size(); ++n) {
    put({&separator, 1});
    if (column_ + parts[n].size() + 1 > most_columns) fold();
    put(parts[n]);
  }
}

void TagWriter::add_open_signature() {
  fold_next_ = true;
  add_parts("b", {}, '\0');
  signature_at_ = text_.size();
  fold_next_ = true;
}

std::string TagWriter::signed_field(std::string_view octets) const {
  const auto encoded = base64_encode(octets);
  if (lines_ == SignatureLines::One && encoded.size() + 8 < most_line_octets) return text_.substr(0, signature_at_) + encoded + text_.substr(signature_at_) + "\r\n";
  std::string folded = encoded.substr(0, first_signature_part);
  for (std::size_t at = folded.size(); at < encoded.size(); at += signature_part) folded += "\r\n " + encoded.substr(at, signature_part);
  return text_.substr(0, signature_at_) + folded + text_.substr(signature_at_) + "\r\n";
}

}  // namespace hikyaku::dkim
