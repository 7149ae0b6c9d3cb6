// GreylistProfile: what we have learned of one greylisting site: how long it makes newcomers wait, and whether one
// message opens its door for all (it remembers our address or network) or each sender and recipient waits apart.
//
// A wait is learned between the longest one that was too short and the shortest that was enough: hints and the values
// that greylists commonly have first, then by halving, one message at a time. Once learned, nobody comes too early.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace hikyaku::delivery {

enum class DoorKey : std::uint8_t {
  Unknown,
  Shared,      // one message opens it for all
  PerMessage,  // each sender and recipient (or MX host) waits for itself
};

class GreylistProfile {
 public:
  // How long after its first attempt a message that has waited `waited` should come back; `usual` where nothing is known.
  // `hint`: what the peer asked for. Never more than a day.
  [[nodiscard]] Duration target(Duration waited, std::optional<Duration> hint, Duration usual) const;
  // The same for one message that may be used to learn: it may come earlier than others.
  [[nodiscard]] Duration target_to_learn(Duration waited, std::optional<Duration> hint, Duration usual) const;

  // A message came back `waited` after its first attempt.
  void was_too_early(Duration waited);
  void passed(Duration waited);
  // A first attempt while the door should be open, if one message opens it for all.
  void newcomer(bool passed);

  [[nodiscard]] bool learned() const;
  [[nodiscard]] DoorKey key() const { return key_; }
  [[nodiscard]] Duration enough() const { return enough_; }  // Duration::max(): not known
  [[nodiscard]] Duration too_short() const { return too_short_; }

  std::string sticky_host;  // the MX host that saw us first: it must see us again
  WallTime used{};          // last

  friend bool operator==(const GreylistProfile&, const GreylistProfile&) = default;

 private:
  friend class GreylistMemory;
  Duration too_short_{}, enough_ = Duration::max();
  std::uint8_t probes_ = 0, contradictions_ = 0;
  std::int8_t votes_ = 0;  // newcomers that got in
  DoorKey key_ = DoorKey::Unknown;
};

// The profiles of the sites that greylist, at most `most`; the one unused for longest goes. Kept over restarts as octets.
class GreylistMemory {
 public:
  static constexpr std::size_t most = 10'000;
  // Null: this destination never greylisted us.
  [[nodiscard]] GreylistProfile* find(const std::string& destination);
  [[nodiscard]] const GreylistProfile* find(const std::string& destination) const;
  GreylistProfile& make(const std::string& destination, WallTime now);
  [[nodiscard]] std::size_t size() const { return profiles_.size(); }

  [[nodiscard]] std::string encode() const;
  // What cannot be read is forgotten: it is learned again.
  static GreylistMemory decode(std::string_view octets);

 private:
  std::unordered_map<std::string, GreylistProfile> profiles_;
};

}  // namespace hikyaku::delivery
