#include "services/abuse/prefix.h"

#include "base/cursor.h"

namespace hikyaku::abuse {
namespace {

bool is_v4(const io::IpAddress& address) { return address.family() == io::IpFamily::V4; }

}  // namespace

std::string prefix_of(const io::IpAddress& address, int bits) {
  std::string octets(address.octets());
  if (bits >= static_cast<int>(octets.size()) * 8) return address.to_string();
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const int kept = std::clamp(bits - static_cast<int>(i) * 8, 0, 8);
    octets[i] = static_cast<char>(static_cast<unsigned char>(octets[i]) & (0xFF00U >> kept & 0xFFU));
  }
  return io::IpNetwork(*io::IpAddress::from_octets(octets), bits).to_string();
}

std::string home_of(const io::IpAddress& address) { return prefix_of(address, is_v4(address) ? 24 : 48); }
std::string region_of(const io::IpAddress& address) { return prefix_of(address, is_v4(address) ? 16 : 32); }

std::string owner_of(std::string_view host_name) {
  constexpr std::size_t short_label = 3;  // "co", "ne", "com" below a country
  if (host_name.ends_with('.')) host_name.remove_suffix(1);
  const auto last = host_name.rfind('.');
  if (last == std::string_view::npos || last == 0) return {};
  auto second = host_name.rfind('.', last - 1);
  const auto second_label = last - (second == std::string_view::npos ? 0 : second + 1);
  const bool country = host_name.size() - last - 1 == 2;
  if (country && second_label <= short_label && second != std::string_view::npos && second > 0) second = host_name.rfind('.', second - 1);
  return ascii_lower(second == std::string_view::npos ? host_name : host_name.substr(second + 1));
}

}  // namespace hikyaku::abuse
