#include "services/delivery/own_listeners.h"

#include <algorithm>

#include "io/own_address.h"
#include "services/settings/listen_address.h"

namespace hikyaku::delivery {
namespace {

// An IPv4 address written as IPv6 is reached all the same (RFC 4291 §2.5.5.2).
io::IpAddress plain(const io::IpAddress& address) {
  const auto octets = address.octets();
  const bool mapped = octets.size() == 16 && octets.substr(0, 12) == std::string_view("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  return mapped ? io::IpAddress::from_octets(octets.substr(12)).value_or(address) : address;
}

bool is_any(const io::IpAddress& address) { return std::ranges::all_of(address.octets(), [](char octet) { return octet == 0; }); }

}  // namespace

OwnListeners::OwnListeners(const std::vector<std::string>& listens) {
  for (const auto& text : listens) {
    const auto listen = settings::parse_listen_address(text);
    if (!listen || listen->port == 0) continue;
    const auto ip = io::IpAddress::parse(listen->host);
    if (listen->host.empty() || (ip && is_any(*ip))) everywhere_.push_back(listen->port);
    else if (ip) exactly_.emplace_back(plain(*ip), listen->port);
  }
}

bool OwnListeners::include(const io::SocketAddress& address) const {
  if (!address.is_ip()) return false;
  const auto ip = plain(address.ip());
  // "Any" leads to the loopback address.
  const auto leads_to = [&](const io::SocketAddress& one) { return one.port() == address.port() && (one.ip() == ip || (is_any(ip) && one.ip().is_loopback())); };
  if (std::ranges::any_of(exactly_, leads_to)) return true;
  return std::ranges::find(everywhere_, address.port()) != everywhere_.end() && io::is_own_address(ip);
}

OwnListeners own_listeners(const settings::Settings& settings) {
  std::vector<std::string> all;
  for (const auto* one : {&settings.listen.smtp, &settings.listen.submission, &settings.listen.submissions}) {
    const auto& listens = (*one)();
    all.insert(all.end(), listens.begin(), listens.end());
  }
  return OwnListeners(all);
}

}  // namespace hikyaku::delivery
