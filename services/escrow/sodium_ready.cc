#include "services/escrow/sodium_ready.h"

#include <sodium.h>

#include "base/check.h"

namespace hikyaku::escrow {

void need_sodium() {
  static const bool ready = sodium_init() >= 0;
  check_or_abort(ready, "libsodium starts");
}

std::string to_hex(std::string_view octets) {
  std::string digits(octets.size() * 2 + 1, '\0');
  sodium_bin2hex(digits.data(), digits.size(), reinterpret_cast<const unsigned char*>(octets.data()), octets.size());
  digits.pop_back();
  return digits;
}

std::optional<std::string> from_hex(std::string_view digits, std::size_t octets) {
  if (digits.size() != octets * 2) return std::nullopt;
  std::string out(octets, '\0');
  std::size_t got = 0;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), digits.data(), digits.size(), nullptr, &got, nullptr) != 0 || got != octets) return std::nullopt;
  return out;
}

}  // namespace hikyaku::escrow
