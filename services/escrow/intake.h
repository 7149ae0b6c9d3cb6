// Intake: what reception may do with escrow (docs/adr/0035-escrow.md): seal a copy and leave it, look whether there is one, and tell that its mail came after
// all. It can read nothing that it left. For several threads; calls that block say so.
#pragma once

#include <map>
#include <mutex>

#include "services/escrow/known_page.h"
#include "services/quarantine/store.h"

namespace hikyaku::escrow {

class Intake {
 public:
  // What waits for the keeper, at most: it may be stopped.
  static constexpr std::size_t most_waiting = 500;
  static constexpr std::uint64_t most_waiting_octets = 256 << 20;

  // `reserve_octets`: of the disk, left free.
  Intake(io::Disk& disk, std::string folder, std::uint64_t reserve_octets) : disk_(disk), folder_(std::move(folder)), store_(disk, folder_, reserve_octets) {}

  // Looks at the keeper's page. Blocks; every few seconds, one at a time.
  void refresh(WallTime now);

  enum class Known : std::uint8_t {
    No,
    Kept,      // a copy is there, or on its way
    Released,  // it was delivered by decision
  };
  [[nodiscard]] Known find(const std::string& mark) const;
  // Its copy's id; nothing: it has none.
  [[nodiscard]] std::optional<TraceId> copy_of(const std::string& mark) const;
  // There are copies, or marks of released mail: without any nobody needs to look.
  [[nodiscard]] bool knows_any() const;
  // A copy could be made now.
  [[nodiscard]] bool has_room() const;

  // Leaves a copy of what `text` gives; `entry` names it, its mark and its text's size. Nothing is done where one is known already. Blocks.
  spool::SpoolResult<> keep(quarantine::Entry entry, quarantine::Source text, WallTime now);
  // The sender's own mail was taken: the keeper takes the copy away. Blocks.
  void passed(const std::string& mark);

 private:
  struct Waiting {
    TraceId id;
    WallTime since{};
    std::uint64_t octets = 0;
  };
  spool::SpoolResult<> deposit(quarantine::Entry& entry, quarantine::Source text, const std::string& key);
  [[nodiscard]] bool has_room_locked() const { return !page_.key.empty() && waiting_.size() < most_waiting && waiting_octets_ < most_waiting_octets; }
  void read_page();
  void forget_taken(WallTime before);
  void stop_waiting(const std::string& mark);  // locked

  io::Disk& disk_;
  const std::string folder_;
  quarantine::Store store_;
  std::string heading_;  // of the page that was read; refresh() alone looks at it
  mutable std::mutex mutex_;
  KnownPage page_;
  std::map<std::string, Waiting> waiting_;  // left for the keeper, by mark
  std::uint64_t waiting_octets_ = 0;
};

}  // namespace hikyaku::escrow
