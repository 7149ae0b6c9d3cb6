// Fingerprint: by what a mail is known again when its sender sends it once more: its Message-ID and its body. A server that tries again may sign the header
// anew or come by another host of its farm; the body and the Message-ID stay. Without a Message-ID it is the whole header.
//
// Fed with the text as the client sent it, in any pieces. Linear; keeps at most most_header_octets. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mail/address.h"

namespace hikyaku::escrow {

class Fingerprint {
 public:
  static constexpr std::size_t most_header_octets = 256 << 10;  // what is longer counts as body

  Fingerprint();
  Fingerprint(Fingerprint&&) noexcept;
  Fingerprint& operator=(Fingerprint&&) noexcept;
  ~Fingerprint();

  void feed(std::string_view octets);
  // Nothing may be fed afterwards.
  void end();
  // After end(): 64 hexadecimal digits, of this text from that sender to that recipient; case does not count in either.
  [[nodiscard]] std::string mark(const ReversePath& sender, const Address& recipient) const;

 private:
  void begin_body(std::size_t header_octets);

  struct Hash;
  std::unique_ptr<Hash> body_;
  std::string header_;  // until the body begins
  bool in_body_ = false;
  std::string text_;    // what stands for the text
};

// Whether it can be one: a name of a file is made of it.
[[nodiscard]] bool is_mark(std::string_view text);

}  // namespace hikyaku::escrow
