// The packets of the milter protocol (libmilter's mfdef.h, version 6; there is no RFC): four octets of length, a letter, its data. What
// we send is made here, what filters send is cut out of the stream here. Pure, linear, bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hikyaku::milter {

inline constexpr std::uint32_t our_version = 6, oldest_version = 2;
// Filters send no more than 64 KiB at once unless they are asked for more, which we do not do.
inline constexpr std::uint32_t most_packet_octets = 256 << 10;
inline constexpr std::size_t most_body_piece_octets = 65'535;

// What a filter is told.
enum class Command : char {
  Negotiate = 'O',
  Macros = 'D',
  Connect = 'C',
  Hello = 'H',
  Mail = 'M',
  Recipient = 'R',
  Data = 'T',
  Header = 'L',
  EndOfHeader = 'N',
  Body = 'B',
  EndOfBody = 'E',
  Abort = 'A',  // of the message; the connection stays
  Quit = 'Q',
};

// What a filter may want to do to a message (SMFIF_*).
enum Action : std::uint32_t {
  AddHeaders = 0x1,
  ChangeBody = 0x2,
  AddRecipients = 0x4,
  DeleteRecipients = 0x8,
  ChangeHeaders = 0x10,
  Quarantines = 0x20,
  ChangeSender = 0x40,
  AddRecipientsWithParameters = 0x80,
};
inline constexpr std::uint32_t all_actions = 0xff;

// What a filter wants to be told, and whether it answers (SMFIP_*).
enum Step : std::uint32_t {
  NoConnect = 0x1,
  NoHello = 0x2,
  NoMail = 0x4,
  NoRecipient = 0x8,
  NoBody = 0x10,
  NoHeaders = 0x20,
  NoEndOfHeader = 0x40,
  SilentHeader = 0x80,
  NoUnknown = 0x100,
  NoData = 0x200,
  MaySkip = 0x400,
  SilentConnect = 0x1000,
  SilentHello = 0x2000,
  SilentMail = 0x4000,
  SilentRecipient = 0x8000,
  SilentData = 0x10000,
  SilentUnknown = 0x20000,
  SilentEndOfHeader = 0x40000,
  SilentBody = 0x80000,
  LeadingSpace = 0x100000,  // values of header fields begin with their space
};
inline constexpr std::uint32_t offered_steps = NoConnect | NoHello | NoMail | NoRecipient | NoBody | NoHeaders | NoEndOfHeader | SilentHeader | NoUnknown | NoData | MaySkip |
                                               SilentConnect | SilentHello | SilentMail | SilentRecipient | SilentData | SilentUnknown | SilentEndOfHeader | SilentBody | LeadingSpace;

// name, value; sent before the command they belong to: {"i", "B00..."}, {"{auth_authen}", "taro"}.
using Macros = std::vector<std::pair<std::string, std::string>>;

struct Peer {
  std::string name;     // "mail.a.example", or "[192.0.2.7]"
  std::string address;  // "192.0.2.7", "2001:db8::7"; empty: a local socket
  std::uint16_t port = 0;
};

[[nodiscard]] std::string packet(Command command, std::string_view data = {});
[[nodiscard]] std::string offer_packet(std::uint32_t actions);
[[nodiscard]] std::string macros_packet(Command of, const Macros& macros);
[[nodiscard]] std::string connect_packet(const Peer& peer);
// Texts, each ended by NUL; what is behind a NUL in one is cut off.
[[nodiscard]] std::string texts_packet(Command command, const std::vector<std::string_view>& texts);

// One packet of a filter.
struct Packet {
  char letter = 0;
  std::string_view data;  // valid until the next call of receive() or next()
};

// Cuts the stream into packets, any split.
class PacketReader {
 public:
  void receive(std::string_view octets);
  // Nothing: more octets are needed. The error: a length that no packet has; the stream is to be given up.
  [[nodiscard]] Result<std::optional<Packet>, std::string_view> next();

 private:
  std::string buffer_;
  std::size_t at_ = 0;
};

// Reads the data of one packet. What is not there reads as nothing.
class DataReader {
 public:
  explicit DataReader(std::string_view data) : rest_(data) {}
  [[nodiscard]] std::optional<std::uint32_t> number();
  // Up to NUL, which must be there.
  [[nodiscard]] std::optional<std::string_view> text();
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace hikyaku::milter
