// One message of E-Post's spool, read and judged: who it is for now, and what is wrong with it. Reads the files, changes
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/epost_spool/folder_scan.h"
#include "services/epost_spool/message_text.h"
#include "services/epost_spool/rcp.h"

namespace hikyaku::epost_spool {

enum class DotsRule : std::uint8_t { Find, Plain, Stuffed };

struct Pair {
  std::string stem;
  std::string message_path;
  std::uint64_t file_octets = 0;
  Dots dots = Dots::Plain;
  Envelope envelope;               // of those still to be served
  std::vector<Address> served;     // left out: an $OK beside the pair names them
  std::vector<std::string> notes;  // for the operator; none keeps the message from being taken
  std::string damage;              // why it cannot be taken; empty: it can
  std::uint64_t identity = 0;      // of all that was read: the same pair again has the same
};

[[nodiscard]] Pair read_pair(io::Disk& disk, const std::string& stem, const StemFiles& files, DotsRule dots);

// Calls `take` with the text, piece by piece. False from `take` ends it.
template <class Take>
io::DiskResult<> read_pieces(io::Disk& disk, const std::string& path, Take take) {
  constexpr std::size_t piece = 256 << 10;
  TRY(file, disk.open(path, io::OpenMode::Read));
  std::string buffer(piece, '\0');
  for (std::uint64_t at = 0;;) {
    TRY(got, file->read_at(at, buffer));
    if (got == 0 || !take(std::string_view(buffer).substr(0, got))) return {};
    at += got;
  }
}

}  // namespace hikyaku::epost_spool
