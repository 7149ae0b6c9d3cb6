// SharedPage: a small file of 64-bit counters mapped by several processes, with one word they can all sleep on.
// It carries hints (which account changed, how far a journal is durable) from one process to the others in
// microseconds. What it says after the machine restarted means nothing: its owner sets it anew.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "io/disk.h"
#include "io/loop.h"

namespace hikyaku::io {

class SharedPage {
 public:
  // Maps `path`, made with `slots` zeros when missing. Broken when the file is something else or of another size.
  static DiskResult<std::unique_ptr<SharedPage>> open(const std::string& path, std::uint32_t slots);
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;
  ~SharedPage();

  [[nodiscard]] std::uint32_t slots() const { return slots_; }
  // The slot for a name; several names may share one, whose watchers then wake in vain.
  [[nodiscard]] std::uint32_t slot_of(std::string_view name) const;

  // All thread-safe, without waiting; raise() makes a system call only while somebody sleeps.
  [[nodiscard]] std::uint64_t read(std::uint32_t slot) const;
  void raise(std::uint32_t slot);                          // adds one and wakes
  void raise_to(std::uint32_t slot, std::uint64_t value);  // never lowers; wakes when it raised
  // Two numbers that belong together, in slots [slot, slot + 2]; one writer process. read_pair gives nothing while a
  // writer that died in the middle left them torn.
  void publish_pair(std::uint32_t slot, std::uint64_t first, std::uint64_t second);
  [[nodiscard]] std::optional<std::pair<std::uint64_t, std::uint64_t>> read_pair(std::uint32_t slot) const;

  // Changes with every raise and publish.
  [[nodiscard]] std::uint32_t generation() const;
  // Sleeps while generation() == `seen`, at most `longest`; returns generation(). Blocks the thread.
  std::uint32_t wait_changed(std::uint32_t seen, Duration longest);

 private:
  friend class SlotWatcher;
  struct Header;
  SharedPage(void* address, std::size_t octets, std::uint32_t slots);
  [[nodiscard]] std::atomic<std::uint64_t>& at(std::uint32_t slot) const;
  void changed();

  Header* header_;
  std::atomic<std::uint64_t>* values_;
  std::size_t octets_;
  std::uint32_t slots_;
};

// Tells coroutines of one loop when slots change. Has a thread that sleeps on the page.
class SlotWatcher {
 public:
  using OnChange = std::function<void()>;

  // Both must outlive this; stop the loop's run or destroy this on the loop's thread.
  SlotWatcher(Loop& loop, SharedPage& page);
  SlotWatcher(const SlotWatcher&) = delete;
  SlotWatcher& operator=(const SlotWatcher&) = delete;
  ~SlotWatcher();

  // Calls a function on the loop's thread after the slot changes, until destroyed. A change just before this is made is
  // not told: watch first, then look.
  class Watch {
   public:
    Watch(SlotWatcher& watcher, std::uint32_t slot, OnChange on_change);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

   private:
    friend class SlotWatcher;
    SlotWatcher& watcher_;
    std::uint32_t slot_;
    OnChange on_change_;
  };

 private:
  struct Watched {
    std::uint64_t seen = 0;
    std::vector<Watch*> watches;
  };
  struct Shared;
  void sleep_and_tell(std::uint32_t seen);
  void look();

  Loop& loop_;
  SharedPage& page_;
  std::unordered_map<std::uint32_t, Watched> slots_;  // on the loop's thread
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace hikyaku::io
