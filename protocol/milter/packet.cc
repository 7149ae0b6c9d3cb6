#include "protocol/milter/packet.h"

namespace hikyaku::milter {
namespace {

std::string number(std::uint32_t value) {
  std::string out(4, '\0');
  for (int i = 0; i < 4; ++i) out[static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i) & 0xff);
  return out;
}

std::uint32_t number_of(std::string_view four) {
  std::uint32_t value = 0;
  for (const char octet : four) value = value << 8 | static_cast<unsigned char>(octet);
  return value;
}

void add_text(std::string& to, std::string_view text) {
  to += text.substr(0, text.find('\0'));
  to += '\0';
}

}  // namespace

std::string packet(Command command, std::string_view data) {
  std::string out = number(static_cast<std::uint32_t>(data.size() + 1));
  out.reserve(out.size() + 1 + data.size());
  out += static_cast<char>(command);
  return out += data;
}

std::string offer_packet(std::uint32_t actions) { return packet(Command::Negotiate, number(our_version) + number(actions) + number(offered_steps)); }

std::string macros_packet(Command of, const Macros& macros) {
  std::string data(1, static_cast<char>(of));
  for (const auto& [name, value] : macros) {
    add_text(data, name);
    add_text(data, value);
  }
  return packet(Command::Macros, data);
}

// hostname NUL family ("4", "6", "L", "U") [port, 2 octets, and address NUL]
std::string connect_packet(const Peer& peer) {
  std::string data;
  add_text(data, peer.name);
  if (peer.address.empty()) {
    data += 'U';
    return packet(Command::Connect, data);
  }
  const bool v6 = peer.address.find(':') != std::string::npos;
  data += v6 ? '6' : '4';
  data += static_cast<char>(peer.port >> 8);
  data += static_cast<char>(peer.port & 0xff);
  add_text(data, peer.address);
  return packet(Command::Connect, data);
}

std::string texts_packet(Command command, const std::vector<std::string_view>& texts) {
  std::string data;
  for (const auto text : texts) add_text(data, text);
  return packet(command, data);
}

void PacketReader::receive(std::string_view octets) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += octets;
}

Result<std::optional<Packet>, std::string_view> PacketReader::next() {
  const auto rest = std::string_view(buffer_).substr(at_);
  if (rest.size() < 4) return std::nullopt;
  const auto length = number_of(rest.substr(0, 4));
  if (length == 0) return failure(std::string_view("a packet without a letter"));
  if (length > most_packet_octets) return failure(std::string_view("a packet that is too long"));
  if (rest.size() - 4 < length) return std::nullopt;
  at_ += 4 + length;
  return Packet{rest[4], rest.substr(5, length - 1)};
}

std::optional<std::uint32_t> DataReader::number() {
  if (rest_.size() < 4) return std::nullopt;
  const auto value = number_of(rest_.substr(0, 4));
  rest_.remove_prefix(4);
  return value;
}

std::optional<std::string_view> DataReader::text() {
  const auto end = rest_.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return text;
}

}  // namespace hikyaku::milter
