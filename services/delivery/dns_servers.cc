#include "services/delivery/dns_servers.h"

#include <fstream>
#include <iterator>

#include "base/cursor.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_servers = 20;
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

std::vector<io::IpAddress> parse_resolv_conf(std::string_view text) {
  std::vector<io::IpAddress> servers;
  Cursor in(text);
  while (!in.at_end() && servers.size() < most_servers) {
    Cursor line(in.take_while([](char c) { return c != '\n'; }));
    in.take('\n');
    if (!line.take("nameserver") || line.take_while(is_space).empty()) continue;
    const auto word = line.take_while([](char c) { return !is_space(c) && c != '%'; });
    if (const auto address = io::IpAddress::parse(word)) servers.push_back(*address);
  }
  return servers;
}

std::vector<io::IpAddress> dns_servers(const std::vector<std::string>& configured) {
  if (configured.empty()) {
    std::ifstream in("/etc/resolv.conf", std::ios::binary);
    return parse_resolv_conf(std::string{std::istreambuf_iterator<char>(in), {}});
  }
  std::vector<io::IpAddress> servers;
  for (const auto& server : configured)
    if (const auto address = io::IpAddress::parse(std::string_view(server).substr(0, server.find('@')))) servers.push_back(*address);
  return servers;
}

}  // namespace hikyaku::delivery
