// A page that is read is written again as one that reads the same; its lines are tried with the checksum that belongs to them, too.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/checksum.h"
#include "services/escrow/known_page.h"

namespace {

using hikyaku::escrow::KnownPage;

void read(std::string_view text) {
  const auto page = KnownPage::parse(text);
  if (page) hikyaku::check(KnownPage::parse(page->text()) == page, "a page comes back");
}

std::string with_checksum(std::string_view lines) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const auto sum = hikyaku::checksum(lines);
  std::string text = "hikyaku-escrow 1 ";
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(sum >> shift) & 15];
  return text + "\n" + std::string(lines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  read(octets);
  read(with_checksum(octets));
  return 0;
}
