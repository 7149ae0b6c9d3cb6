// Writes a header field made of tags, folded so that no line is longer than 78 columns where that is possible (RFC 5322
// §2.1.1), with the place of its signature left open: it is hashed first, and signed by somebody else afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::dkim {

// One: b= is not folded as long as its line may be so long (RFC 5322: 998 octets). A seal hashes the fields below it with the
// spaces their folds leave (RFC 8617 §5.1.1), and what hops fold anew should hash the same.
enum class SignatureLines : std::uint8_t { Folded, One };

class TagWriter {
 public:
  explicit TagWriter(std::string_view field_name, SignatureLines lines = SignatureLines::Folded) : lines_(lines), text_(std::string(field_name) + ":"), column_(text_.size()) {}
  void add(std::string_view name, std::string_view value) { add_parts(name, {std::string(value)}, '\0'); }
  // A value that may be broken after each separator.
  void add_parts(std::string_view name, const std::vector<std::string>& parts, char separator);
  // "b=", whose value comes later.
  void add_open_signature();

  // The whole field with CRLF, b= empty, or filled with these octets in base64.
  [[nodiscard]] std::string unsigned_field() const { return text_ + "\r\n"; }
  [[nodiscard]] std::string signed_field(std::string_view octets) const;

 private:
  void put(std::string_view piece);
  void fold();
  SignatureLines lines_;
  std::string text_;
  std::size_t column_, signature_at_ = 0;
  bool first_ = true, fold_next_ = false;
};

}  // namespace hikyaku::dkim
