// SubscriptionStore: the folder of subscriptions, NAME.list and NAME.state each, and how a text that was fetched comes into force. Commands and `deliver` use it
// at once: files are replaced whole, and the directory decides what is in force. Blocks.
#pragma once

#include "io/disk.h"
#include "services/directory/editor.h"
#include "services/subscriptions/subscription.h"

namespace hikyaku::subscriptions {

enum class Accept : std::uint8_t {
  Small,       // a large change waits for a person
  Everything,
  Nothing,     // only tell what would change
};

struct Refreshed {
  Difference change;
  std::size_t bad = 0;
  bool in_force = false;
  std::string why;  // not: a sentence
};

class SubscriptionStore {
 public:
  SubscriptionStore(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  [[nodiscard]] io::DiskResult<std::vector<Subscription>> all() const;  // by name
  [[nodiscard]] std::optional<Subscription> find(std::string_view name) const;
  io::DiskResult<> add(const Subscription& subscription);
  io::DiskResult<> remove(std::string_view name);
  [[nodiscard]] State state(std::string_view name) const;
  io::DiskResult<> keep(std::string_view name, const State& state);

  // The text of a list that is a file. The error is one sentence.
  [[nodiscard]] Result<std::string, std::string> read_local(const Subscription& subscription) const;
  // Puts a fetched text in force as far as `accept` lets it, and remembers how that went (not with Nothing).
  directory::DirectoryResult<Refreshed> take(directory::Editor& editor, const Subscription& subscription, std::string_view text, int percent, Accept accept, WallTime now);
  // It could not be had.
  void failed(const Subscription& subscription, const std::string& why, WallTime now);

 private:
  [[nodiscard]] std::string path(std::string_view name, std::string_view end) const { return folder_ + "/" + std::string(name) + std::string(end); }
  io::Disk& disk_;
  const std::string folder_;
};

[[nodiscard]] bool is_due(const Subscription& subscription, const State& state, WallTime now);

}  // namespace hikyaku::subscriptions
