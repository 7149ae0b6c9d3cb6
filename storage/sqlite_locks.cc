#include "storage/sqlite_locks.h"

#include <sqlite3.h>

namespace hikyaku::storage {

std::shared_ptr<DatabaseLocks> DatabaseLocks::of(const std::string& key) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<DatabaseLocks>> all;
  const std::lock_guard hold(mutex);
  std::erase_if(all, [](const auto& entry) { return entry.second.expired(); });
  if (auto known = all[key].lock()) return known;
  auto made = std::make_shared<DatabaseLocks>();
  all[key] = made;
  return made;
}

bool DatabaseLocks::lock(int& held, int wanted) {
  const std::lock_guard hold(mutex_);
  if (wanted <= held) return true;
  if (held == SQLITE_LOCK_NONE) {
    if (pending_ || exclusive_) return false;
    ++shared_, held = SQLITE_LOCK_SHARED;
  }
  if (wanted == SQLITE_LOCK_SHARED) return true;
  if (held == SQLITE_LOCK_SHARED) {
    if (reserved_) return false;
    reserved_ = true, held = SQLITE_LOCK_RESERVED;
  }
  if (wanted == SQLITE_LOCK_RESERVED) return true;
  pending_ = true, held = SQLITE_LOCK_PENDING;
  if (wanted == SQLITE_LOCK_PENDING) return true;
  if (shared_ > 1) return false;
  exclusive_ = true, held = SQLITE_LOCK_EXCLUSIVE;
  return true;
}

void DatabaseLocks::unlock(int& held, int wanted) {
  const std::lock_guard hold(mutex_);
  if (wanted >= held) return;
  if (held >= SQLITE_LOCK_RESERVED) reserved_ = pending_ = exclusive_ = false;
  if (wanted == SQLITE_LOCK_NONE) --shared_;
  held = wanted;
}

bool DatabaseLocks::is_reserved() {
  const std::lock_guard hold(mutex_);
  return reserved_;
}

void* DatabaseLocks::region(int number, int octets, bool extend) {
  const std::lock_guard hold(mutex_);
  const auto index = static_cast<std::size_t>(number);
  if (index >= regions_.size() && !extend) return nullptr;
  while (regions_.size() <= index) regions_.push_back(std::make_unique<char[]>(static_cast<std::size_t>(octets)));
  return regions_[index].get();
}

bool DatabaseLocks::lock_slots(Held& held, int first, int count, bool exclusive) {
  const std::lock_guard hold(mutex_);
  for (int i = first; i < first + count; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    if (held[slot] != 0) continue;
    if (exclusive ? slot_users_[slot] != 0 : slot_users_[slot] < 0) return false;
  }
  for (int i = first; i < first + count; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    if (held[slot] != 0) continue;
    held[slot] = exclusive ? -1 : 1;
    slot_users_[slot] = exclusive ? -1 : slot_users_[slot] + 1;
  }
  return true;
}

void DatabaseLocks::unlock_slots(Held& held, int first, int count) {
  const std::lock_guard hold(mutex_);
  for (int i = first; i < first + count; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    if (held[slot] == 0) continue;
    slot_users_[slot] = held[slot] < 0 ? 0 : slot_users_[slot] - 1;
    held[slot] = 0;
  }
}

void DatabaseLocks::drop_index() {
  const std::lock_guard hold(mutex_);
  regions_.clear();
}

}  // namespace hikyaku::storage
