// SimulatedDisk: io::Disk in memory, with power cuts, failing calls and a size limit, all decided by one seed. What
// passes on it does not lean on the page cache: kill -9 proves nothing about durability, this does.
//
// It is as unkind as io/disk.h allows. At a power cut each unflushed write is dropped, kept or torn, sector by sector,
// and each name whose folder was not synced (create, rename, remove, new folder) is kept or dropped on its own.
// flush() and sync_folder() are honest. A failed flush loses dirty pages as Linux does: some reached the platter, reads
// still show all of them, and the next flush succeeds without writing them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"

namespace hikyaku::io {

enum class DiskCall : std::uint8_t {
  Open,
  Read,
  Write,
  Flush,
  Resize,
  Discard,
  Lock,
  Remove,
  Rename,
  MakeFolder,
  List,
  Info,
  SyncFolder,
  FreeOctets,
  Count
};

// What a torn sector may become besides old or new.
enum class TornSector : std::uint8_t {
  Noise,         // the whole sector is noise, octets nobody wrote to included: the default
  WrittenNoise,  // noise only where the write was: for code that counts on "powersafe overwrite"
  OldOrNew,      // never noise
};

struct SimulatedDiskOptions {
  std::uint64_t seed = 1;
  TornSector torn = TornSector::Noise;
  std::uint64_t capacity_octets = UINT64_MAX;  // counted in written 4 KiB blocks
};

class SimulatedDisk final : public Disk {
 public:
  explicit SimulatedDisk(SimulatedDiskOptions options = {});
  ~SimulatedDisk() override;

  DiskResult<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
  DiskResult<> remove(std::string_view path) override;
  DiskResult<> rename(std::string_view from, std::string_view to) override;
  DiskResult<> make_folder(std::string_view path) override;
  DiskResult<std::vector<std::string>> list(std::string_view folder) override;
  DiskResult<FileInfo> info(std::string_view path) override;
  DiskResult<> sync_folder(std::string_view path) override;
  DiskResult<std::uint64_t> free_octets(std::string_view path) override;

  // ---- unpleasantness --------------------------------------------------------------------------------------------
  // Power off and on: unflushed and unsynced things are settled by the seed. Files opened before are dead: each of
  // their calls answers Broken. Locks are free.
  void cut();
  // As kill -9 of every process: nothing written is lost, open files are dead, locks are free.
  void kill();
  // The call after the next `calls` ones happens halfway or not at all and answers Broken, as do all after it, until
  // cut() or kill(). Reads count too.
  void stop_after(std::uint64_t calls);
  [[nodiscard]] bool stopped() const;
  // The n-th call of that kind from now (n from 1) and the `times` - 1 after it fail.
  void fail(DiskCall call, std::uint64_t nth, DiskFailure how, std::uint64_t times = 1);
  void clear_faults();
  // True when a fault asked for has happened since the last fail() or clear_faults().
  [[nodiscard]] bool fault_was_hit() const;
  // A full disk: a write that needs new blocks beyond it writes what fits and answers NoSpace.
  void set_capacity(std::uint64_t octets);
  // Rots a range of the file, durably and visibly.
  DiskResult<> damage(std::string_view path, std::uint64_t offset, std::uint64_t octets);

  [[nodiscard]] std::uint64_t calls(DiskCall call) const;
  [[nodiscard]] std::uint64_t all_calls() const;
  [[nodiscard]] std::uint64_t used_octets() const;
  [[nodiscard]] std::uint64_t cuts() const;

 private:
  friend class SimulatedFile;
  struct Node;
  struct NameChange {  // of one folder; a rename is one change with two names, so it is atomic
    std::string folder, name;
    std::shared_ptr<Node> node;  // null: the name goes away
    std::string old_name;        // a rename within or into the folder: this path goes away with it
  };
  struct Fault {
    DiskCall call;
    std::uint64_t skip, times;
    DiskFailure how;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>, std::less<>>;

  std::optional<DiskError> enter(DiskCall call, std::string_view path);
  void apply(Names& names, const NameChange& change) const;
  void settle_names();
  void settle_content(Node& node);
  std::uint64_t random();

  mutable std::mutex mutex_;
  const SimulatedDiskOptions options_;
  std::uint64_t capacity_;
  std::uint64_t random_state_;
  std::uint64_t epoch_ = 1;  // rises with every cut and kill; older files are dead
  std::uint64_t used_blocks_ = 0;
  std::uint64_t cuts_ = 0;
  std::uint64_t stop_at_ = UINT64_MAX;
  std::uint64_t total_calls_ = 0;
  bool stopped_ = false;
  bool fault_was_hit_ = false;
  std::array<std::uint64_t, static_cast<std::size_t>(DiskCall::Count)> counts_{};
  std::vector<Fault> faults_;
  Names names_;         // what processes see
  Names stable_names_;  // what a cut leaves for certain
  std::vector<NameChange> unsynced_;
};

}  // namespace hikyaku::io
