// Scanner: one loop's way to clamd. Each scan has a connection of its own (INSTREAM), a bounded number at once over all loops
// (scan_places.h); the others wait in order, and no longer than a scan may take. Whoever asks for no scan never waits here.
//
// A scanner that stands still costs the first messages their whole time limit; from the second one on it is asked by PING
// first, by one message at a time, for whose answer the others wait: no longer than for a connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/task.h"
#include "io/connection.h"
#include "io/loop.h"
#include "io/socket_address.h"
#include "services/scanning/scan_places.h"

namespace hikyaku::scanning {

struct ScannerOptions {
  io::SocketAddress clamd;
  Duration connect_limit = std::chrono::seconds{5};
  Duration idle_limit = std::chrono::seconds{30};  // in which clamd takes nothing of what it is sent
  Duration scan_limit = std::chrono::minutes{2};   // the whole: waiting for a place, sending, and its answer
  std::size_t at_once = 4;                         // of all loops
  std::uint64_t most_octets = 25 << 20;            // clamd's StreamMaxLength, or less
};

enum class Outcome : std::uint8_t {
  Clean,
  Infected,
  TooLarge,  // than most_octets, or than clamd takes
  Away,      // nobody listens there
  Slow,      // a limit of time passed
  Failed,    // it said something else, or closed the connection
  NotAsked,  // not the scanner's fault: it takes no text of this size, or the text could not be read
};
struct Scan {
  Outcome outcome = Outcome::Failed;
  std::string name;   // Infected: what clamd calls it; printable
  std::string words;  // of the last five: one sentence for the log
};

// A text, piece by piece. Ends with an empty piece.
class Text {
 public:
  virtual ~Text() = default;
  // Valid until the next call. The error is one sentence: the text cannot be read.
  virtual Task<Result<std::string_view, std::string>> next() = 0;
};

class Scanner {
 public:
  Scanner(io::Loop& loop, std::shared_ptr<ScanPlaces> places) : loop_(loop), places_(std::move(places)) {}
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // `octets`: of the whole text. One that is too large is not sent.
  Task<Scan> scan(ScannerOptions options, Text& text, std::uint64_t octets);

 private:
  class Place;
  Task<bool> answers(const ScannerOptions& options, Deadline deadline);
  Task<bool> is_back(const ScannerOptions& options, Deadline deadline);
  void note(const Scan& scan);

  io::Loop& loop_;
  const std::shared_ptr<ScanPlaces> places_;
  unsigned late_ = 0;     // scans that ended Slow since the last answer
  bool probing_ = false;  // one asks by PING
  io::Hook waiting_for_answer_;
};

// "unix:/run/clamav/clamd.ctl", "/run/clamav/clamd.ctl", "127.0.0.1:3310".
[[nodiscard]] std::optional<io::SocketAddress> clamd_address(std::string_view text);

}  // namespace hikyaku::scanning
