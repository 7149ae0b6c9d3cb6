// WatchDispatcher: calls the watchers of one engine when the WatchPage says that their partition changed. One thread,
// started by the first watch; it sleeps on the page's bell and looks by itself every second, in case a ring was lost.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "storage/engine.h"
#include "storage/watch_page.h"

namespace hikyaku::storage {

class WatchDispatcher : public std::enable_shared_from_this<WatchDispatcher> {
 public:
  explicit WatchDispatcher(WatchPage page) : page_(std::move(page)) {}
  // After stop() no callback runs any more. Not from a callback.
  void stop();
  // When the Watch is destroyed no callback runs any more, except when a callback itself destroys it.
  [[nodiscard]] std::unique_ptr<Watch> add(std::uint64_t partition_hash, WatchCallback changed);

 private:
  class Registration;
  struct Entry {
    std::uint64_t hash;
    std::optional<Version> seen;
    WatchCallback changed;
  };
  using Entries = std::unordered_map<std::uint64_t, std::shared_ptr<Entry>>;

  void remove(std::uint64_t id);
  void run();
  void dispatch(std::uint32_t stripe, bool rung);

  WatchPage page_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::thread thread_;
  bool stopping_ = false;
  std::uint64_t next_id_ = 1;
  std::uint64_t running_ = 0;  // the id whose callback runs now
  std::array<Entries, WatchPage::stripes> entries_;
};

}  // namespace hikyaku::storage
