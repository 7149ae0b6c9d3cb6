// MemoryStore: what MemoryEngines share, in place of a disk: rows, blobs, leases, and what a power cut would take away.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/batch.h"
#include "storage/engine.h"

namespace hikyaku::storage {

// Rows whose changes can be taken back, newest first.
class MemoryRows final : public Rows {
 public:
  struct Undo {
    std::string key;
    std::optional<std::string> old;
  };
  StoreResult<std::optional<std::string>> get(std::string_view key) override;
  StoreResult<> put(std::string_view key, std::string_view value) override;
  StoreResult<> erase(std::string_view key) override;
  StoreResult<> erase_range(std::string_view from, std::string_view until) override;

  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const { return rows_; }
  [[nodiscard]] std::vector<Undo> take_undo() { return std::exchange(undo_, {}); }
  void take_back(std::vector<Undo> undo);

 private:
  std::map<std::string, std::string, std::less<>> rows_;
  std::vector<Undo> undo_;
};

struct MemoryPartition {
  struct Request {
    std::string id;
    Committed outcome;
  };
  struct LazyCommit {
    std::vector<MemoryRows::Undo> undo;
    bool has_request = false;
  };
  struct Blob {
    std::string body;
    bool durable = false;
  };
  MemoryRows rows;
  Version version;
  std::deque<Request> requests;
  std::deque<LazyCommit> lazy;  // oldest first; emptied by a flush
  std::map<std::string, Blob, std::less<>> blobs;

  [[nodiscard]] const Committed* find(const RequestId& request) const;
  void flushed();
};

struct MemoryStore {
  struct Watcher {
    std::uint64_t id;
    std::string partition;
    std::shared_ptr<WatchCallback> changed;
  };
  struct LeaseState {
    std::uint64_t token = 0;
    const void* holder = nullptr;  // the engine that took it
  };

  // The machine loses power: of every partition's unflushed commits the newest k are gone, k drawn from the seed,
  // and of the unflushed blobs any may be. Leases are free again.
  void cut_power(std::uint64_t seed);

  std::mutex mutex;
  std::condition_variable lease_released;
  std::map<std::string, MemoryPartition, std::less<>> partitions;
  std::map<std::string, LeaseState, std::less<>> leases;
  std::vector<Watcher> watchers;
  std::vector<std::string> late_rings;  // partitions whose watchers are called at the next call
  std::uint64_t next_number = 1;        // of blobs and watchers: never given twice
};

}  // namespace hikyaku::storage
