// Quarantine: mail that was accepted (250) and is kept from its recipients until the administrator decides. A file a message below the
// quarantine folder, named by its trace id: who it was for, why it is here, its text as it came. docs/adr/0027-scanning.md.
//
//   HKQUAR1 LF | octets of the head, 4 | checksum of the head, 8 | head | text | checksum of the text, 8
//
// deposit() is what receive may do: it makes files in the folder `drop` below it, and can neither remove nor rename one. Whoever keeps the
// quarantine takes them from there (gather()), where receive can not reach them any more, once they are kept: until then their maker holds their
// locks. What is shorter than its head says was never answered 250. All calls block.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "mail/envelope.h"
#include "services/spool/message.h"

namespace hikyaku::quarantine {

struct Entry {
  Envelope envelope;   // its id names the message here
  std::string why;     // "virus Eicar-Test-Signature"
  WallTime taken{};
  std::uint64_t octets = 0;  // of the text
  std::string mark = {};     // in escrow: which mail it is (services/escrow/fingerprint.h)
};

// Gives a text piece by piece to `to`, and stops at its first error.
using To = std::function<spool::SpoolResult<>(std::string_view piece)>;
using Source = std::function<spool::SpoolResult<>(const To& to)>;

struct Contents {
  std::vector<Entry> entries;  // oldest first
  std::vector<std::string> incomplete, damaged;  // names of files; damaged: those that cannot be read too
  std::uint64_t octets = 0;    // of all files
};

// A message in the drop folder, durable, that nobody takes over yet: what its sender is told may depend on more than this copy. Withdrawn unless kept; the
// end of the process keeps it.
class Deposit {
 public:
  explicit Deposit(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  Deposit(Deposit&&) noexcept = default;
  Deposit& operator=(Deposit&& other) noexcept {
    withdraw();
    file_ = std::move(other.file_);
    return *this;
  }
  ~Deposit() { withdraw(); }

  // Its sender is told 250. Never waits.
  void keep() { file_.reset(); }
  // It counts for nothing, and the keeper takes the name away: we may not. Blocks.
  void withdraw() {
    if (file_) (void)file_->resize(0);
    file_.reset();
  }

 private:
  std::unique_ptr<io::File> file_;  // locked
};

class Store {
 public:
  static constexpr std::uint64_t most_head_octets = 16 << 20;

  // `reserve_octets`: of the disk, left free by deposit().
  Store(io::Disk& disk, std::string folder, std::uint64_t reserve_octets = 0) : disk_(disk), folder_(std::move(folder)), reserve_octets_(reserve_octets) {}

  // Durable when it returns. NoSpace: of the disk, or the keeper said that the quarantine is full.
  spool::SpoolResult<Deposit> deposit(const Entry& entry, const Source& text);

  // Takes what was deposited whole out of the drop folder. For who keeps the quarantine, and for commands; several may at once.
  spool::SpoolResult<> gather();
  // Reads heads, not texts. One file that cannot be read does not keep the others from being listed.
  spool::SpoolResult<Contents> list();
  // NotFound, Damaged.
  spool::SpoolResult<Entry> find(const TraceId& id);
  // The text; Damaged at its end when it is not what was taken.
  spool::SpoolResult<> read(const TraceId& id, const To& to);
  spool::SpoolResult<> remove(const TraceId& id) { return remove_file(id.text()); }
  // Whatever it is: damaged, unreadable, incomplete.
  spool::SpoolResult<> remove_file(const std::string& name);

  // While it is full deposit() answers NoSpace.
  enum class Room : std::uint8_t { Left, Full };
  spool::SpoolResult<> say(Room room);

 private:
  struct Opened;
  spool::SpoolResult<Opened> open(const std::string& name);
  spool::SpoolResult<Opened> open_at(const std::string& place, const std::string& name);
  void list_one(const std::string& name, Contents& contents);
  [[nodiscard]] std::string dropped(const std::string& name) const { return folder_ + "/drop/" + name; }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  spool::SpoolResult<> write(io::File& file, const Entry& entry, const Source& text);

  io::Disk& disk_;
  const std::string folder_;
  const std::uint64_t reserve_octets_;
};

}  // namespace hikyaku::quarantine
