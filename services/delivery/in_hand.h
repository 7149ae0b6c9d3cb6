// InHand: of recipients before their first attempt, whom an attempt or a write of ours is about, and whom an operator's command
// has taken meanwhile. One excludes the other, so that each recipient has one end: what is under way cannot be taken, and what
// is taken does not begin; whoever meets it in memory lets go of it. What is deferred has its schedule in the spool, and is
// not looked at here.
//
// Commands take on workers, attempts begin on the loop: thread-safe; a few hash look-ups an attempt. Never waits long.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "services/delivery/attempt.h"
#include "services/delivery/deferred_index.h"

namespace hikyaku::delivery {

class InHand {
 public:
  // `let_go`: who was taken is nobody's in memory any more (its claim ends). Called on the loop.
  explicit InHand(std::function<void(const DeferredEntry&)> let_go) : let_go_(std::move(let_go)) {}

  // ---- a command, on a worker
  // False: it is under way, or another command has it.
  bool take(const spool::MessageRef& message, std::uint32_t recipient);
  // What the command did to it is written.
  void over(const spool::MessageRef& message, std::uint32_t recipient);
  // Nothing was done to it.
  void give_back(const spool::MessageRef& message, std::uint32_t recipient);

  // ---- delivery, on the loop
  // An attempt, or a write, begins. False: it was taken, and is let go of. Each begin() that succeeds has an end().
  bool begin(const Message& message, std::uint32_t recipient);
  void end(const Message& message, std::uint32_t recipient);
  // Whether it was taken; then it is let go of.
  bool left(const Message& message, std::uint32_t recipient);
  // Takes those away, of recipients that were fresh when they came to where they wait, who were taken; they are let go of.
  void leave(const TraceId& message, std::vector<std::uint32_t>& recipients);
  // Who is begun until its end, without those that were taken.
  class Busy {
   public:
    Busy(InHand& all, const Message& message, std::vector<std::uint32_t>& recipients);
    ~Busy();
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    InHand& all_;
    std::vector<DeferredEntry> begun_;
  };
  // It has another owner from now on, while somebody in memory has it still: not forgotten before that one meets it, and no
  // claim ends then.
  void pass_on(const DeferredEntry& entry);
  // While no fresh mail is on its way from the spool to here: ends that nobody in memory waits to hear of are forgotten.
  void forget(const std::function<bool(const DeferredEntry&)>& claimed);
  // Let go of while a command had them that did nothing in the end: nobody's until they are read again.
  [[nodiscard]] std::vector<std::pair<spool::MessageRef, std::uint32_t>> take_orphans();
  void add_orphan(const spool::MessageRef& message, std::uint32_t recipient);
  [[nodiscard]] bool taken(const DeferredEntry& entry) const;
  // Nobody is taken, nor an orphan.
  [[nodiscard]] bool idle() const;

 private:
  struct Hash {
    std::size_t operator()(const DeferredEntry& entry) const noexcept { return std::hash<TraceId>{}(entry.message) * 31 + entry.recipient; }
  };
  struct Taken {
    spool::MessageRef message;
    bool over = false, let_go = false, passed_on = false;
  };
  enum class Meeting : std::uint8_t { NotTaken, EndsClaim, Silent };
  [[nodiscard]] Meeting meet(const DeferredEntry& entry);
  bool begin(const DeferredEntry& entry);
  void end(const DeferredEntry& entry);

  const std::function<void(const DeferredEntry&)> let_go_;
  mutable std::mutex mutex_;
  std::unordered_map<DeferredEntry, Taken, Hash> taken_;
  std::unordered_map<DeferredEntry, std::uint32_t, Hash> busy_;
  std::deque<DeferredEntry> over_;  // to be forgotten
  std::vector<std::pair<spool::MessageRef, std::uint32_t>> orphans_;
};

}  // namespace hikyaku::delivery
