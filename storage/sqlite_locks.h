// DatabaseLocks: what SQLite's connections to one database share beside its file: the file locks, and the memory and
// locks of the write-ahead log's index. For databases whose users are all in this process. Thread-safe.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hikyaku::storage {

class DatabaseLocks {
 public:
  // The same object for all who ask for `key` while one of them holds it.
  static std::shared_ptr<DatabaseLocks> of(const std::string& key);

  // SQLITE_LOCK_NONE .. EXCLUSIVE, as xLock and xUnlock mean them; `held` is the caller's level. False: busy.
  bool lock(int& held, int wanted);
  void unlock(int& held, int wanted);
  [[nodiscard]] bool is_reserved();

  // One region of the log's index, zeroed when new; null when it is not there and `extend` is false.
  void* region(int number, int octets, bool extend);
  static constexpr int slots = 8;
  // What one connection holds of the slots: 0 nothing, 1 shared, -1 exclusive.
  using Held = std::array<signed char, slots>;
  bool lock_slots(Held& held, int first, int count, bool exclusive);
  void unlock_slots(Held& held, int first, int count);
  void drop_index();

 private:
  std::mutex mutex_;
  int shared_ = 0;
  bool reserved_ = false, pending_ = false, exclusive_ = false;
  std::vector<std::unique_ptr<char[]>> regions_;
  std::array<int, slots> slot_users_{};  // -1: exclusive
};

}  // namespace hikyaku::storage
