// Keeper: the house of escrow (docs/adr/0035-escrow.md): takes over what reception left, lets go what is too old, too much, or came in after all, and tells
// reception what there is. In `deliver`, and in each command for as long as it runs; several may look at once. All calls block.
#pragma once

#include <map>
#include <set>

#include "services/escrow/known_page.h"
#include "services/escrow/released_mark.h"
#include "services/quarantine/store.h"

namespace hikyaku::escrow {

struct Limits {
  std::chrono::hours age{};  // of a copy, and (released_for at least) of the mark of one that was released
  std::uint64_t octets = 0;  // of all together
  std::size_t copies = 5'000, of_network = 100;
};

// The ledger of refusals looks back so long, and asks who was released meanwhile.
inline constexpr std::chrono::hours released_for{120};

// Why a copy went.
enum class Gone : std::uint8_t { Passed, TooOld, MadeRoom };
[[nodiscard]] std::string_view gone_name(Gone why);

class Keeper {
 public:
  Keeper(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)), store_(disk, folder_) {}

  enum class Keys : std::uint8_t { MakeThem, UseThem };  // use: without any there are no copies, and nothing is done
  // Keys are made by one alone, or two would each seal for their own. Tells of each copy that goes. An error is of the disk; the rest is looked after at the
  // next look. Cost: by what is new, and a list of names.
  spool::SpoolResult<> look(const Limits& limits, Keys keys, WallTime now, const std::function<void(const quarantine::Entry&, Gone)>& gone);

  [[nodiscard]] quarantine::Store& store() { return store_; }
  // The text as its sender wrote it. Damaged: not all of it, or another key sealed it.
  spool::SpoolResult<> read(const TraceId& id, const quarantine::To& to);
  // A mail of that mark was delivered by decision: its sender need not send it again.
  spool::SpoolResult<> note_released(const std::string& mark, const ReleasedMail& mail);

 private:
  struct Kept {
    quarantine::Entry entry;
    std::string network;  // of its client
  };
  using Copies = std::map<std::pair<WallTime, TraceId>, Kept>;
  using Tell = std::function<void(const quarantine::Entry&, Gone)>;

  spool::SpoolResult<std::string> secret_key();
  spool::SpoolResult<> open_keys(Keys keys);
  spool::SpoolResult<> take_new();
  void forget_incomplete(const std::vector<std::string>& in_drop, WallTime now);
  spool::SpoolResult<> take_passed(const Tell& gone);
  spool::SpoolResult<> look_at_released(const Limits& limits, WallTime now);
  void let_go(Copies::iterator copy, Gone why, const Tell& gone);
  void keep_within(const Limits& limits, WallTime now, const Tell& gone);
  spool::SpoolResult<> publish();

  io::Disk& disk_;
  const std::string folder_;
  quarantine::Store store_;
  std::string public_key_;
  Copies copies_;                        // what is there, oldest first
  std::map<std::string, Copies::key_type> by_name_, by_mark_;
  std::set<std::string> unreadable_;     // names of files that are no copies: only commands take them away
  std::map<std::string, WallTime> released_;  // marks, since when
  std::map<std::string, WallTime> incomplete_;  // in the drop folder, seen first
};

}  // namespace hikyaku::escrow
