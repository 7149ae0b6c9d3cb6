// What all partitions of one SqliteEngine share, and the page that all users of one partition share.
#pragma once

#include <atomic>

#include "io/disk.h"
#include "storage/engine.h"
#include "storage/fair_lock.h"
#include "storage/watch_page.h"

namespace hikyaku::storage {

// Who may use the same root at the same time.
enum class Sharing : std::uint8_t {
  Processes,    // the real file system: any number of processes, SQLite's own "unix" files
  ThisProcess,  // any io::Disk, a simulated one: any number of engines in this process
};

struct SqliteHome {
  io::Disk& disk;
  std::string root;
  Sharing sharing = Sharing::Processes;
  std::string vfs;  // empty: SQLite's own
  Limits limits;
  std::uint32_t checkpoint_frames = 500;       // of 4 KiB in the write-ahead log
  std::uint64_t pack_octets = 64ULL << 20;     // a larger pack is followed by a new one
  std::uint64_t body_reserve_octets = 0;       // left free by bodies
  WatchPage watch;
};

// In a SharedPage beside each partition. Atomics are read without the lock, written with it.
struct PartitionPage {
  FairLock lock;                             // around open, commit, checkpoint and close
  std::atomic<std::uint32_t> erasures;       // rises when the partition is erased: connections opened before are stale
  std::atomic<std::uint32_t> unlinked;       // this page is no longer the partition's: map it anew
  std::atomic<std::uint32_t> named;          // its files' names are known to be durable
  std::atomic<std::uint32_t> index_unflushed{1};  // commits may be in the page cache only
  std::atomic<std::uint32_t> log_settled;    // 0: the log may end within a sector that a durable commit needs
  std::atomic<std::uint32_t> index_suspect;  // a flush failed: the log must be written once more before the next
  std::atomic<std::uint32_t> pack_suspect;   // the same for the open pack
  std::atomic<std::uint32_t> pack_failures;  // rises with every failed flush of it
  std::atomic<std::uint32_t> old_packs_flushed;  // those from before this page
  std::atomic<std::uint64_t> pack;           // the pack that grows; 0: none since the machine started
  std::atomic<std::uint64_t> pack_end;       // octets given out in it
};

// A disk's error in the engine's words.
[[nodiscard]] StoreError store_error(io::DiskError error);

}  // namespace hikyaku::storage
