// Content-Transfer-Encoding (RFC 2045 §6): tolerant, streaming decoders and the encoders for mail we make. A decoder
// takes the body in pieces of any size and appends what is decoded; it never fails: octets that make no sense are
// skipped (base64) or kept as they are (quoted-printable). Linear, no allocation of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hikyaku::mime {

enum class TransferEncoding : std::uint8_t { Identity, Base64, QuotedPrintable, Unknown };

// 7bit, 8bit, binary and nothing are Identity; names are compared without case, comments and space ignored.
[[nodiscard]] TransferEncoding transfer_encoding(std::string_view name);

// RFC 2045 §6.8. Octets outside the alphabet are skipped; padding ends a group, and decoding goes on after it, for
// concatenated base64 is found in the wild. Bits left over at the end are dropped.
class Base64Decoder {
 public:
  void decode(std::string_view piece, std::string& out);
  // Call once after the last piece: gives the octets of an unpadded last group.
  void finish(std::string& out);

 private:
  std::uint32_t bits_ = 0;
  int count_ = 0;  // base64 characters held, 0..3
};

// RFC 2045 §6.7. A "=" that starts neither a soft line break nor a hex pair is kept; lower-case hex is accepted; white
// space before a line end is dropped (§6.7 (3)).
class QuotedPrintableDecoder {
 public:
  void decode(std::string_view piece, std::string& out);
  void finish(std::string& out);

 private:
  enum class End : std::uint8_t { MoreToCome, OfBody };
  void run(std::string_view text, End end, std::string& out);
  static std::size_t equals_sign(std::string_view rest, End end, std::string& out);
  static std::size_t white_space(std::string_view rest, End end, std::string& out);
  std::string held_;  // an unfinished "=..." or white space that a line end may follow; at most 1,000 octets
};

// The whole body at once; Unknown is given back as it is.
[[nodiscard]] std::string decode_body(TransferEncoding encoding, std::string_view body);

// Lines of 76 characters ending with CRLF (RFC 2045 §6.8).
[[nodiscard]] std::string encode_base64_lines(std::string_view octets);
// Text with CRLF line ends, lines of at most 76 characters (RFC 2045 §6.7).
[[nodiscard]] std::string encode_quoted_printable(std::string_view text);

}  // namespace hikyaku::mime
