// ArrivalCount: how much mail was accepted in each hour, in all and by recipient domain, address here, sender and account; what a
// forecast learns from. Counted when `deliver` reads a message, for the hour of its acceptance, so that a time in which
// delivery was stopped is counted when it starts again. Thread-safe, bounded.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mail/envelope.h"
#include "services/history/sample.h"

namespace hikyaku::history {

class ArrivalCount {
 public:
  static constexpr std::size_t most_named = 64;    // of an hour and dimension, given out
  static constexpr std::size_t most_counted = 2'048;  // in memory
  static constexpr std::size_t most_hours = 240;   // in memory, with `most_named` names each but the last; beyond it mail counts for the last

  // What was accepted until then is counted already.
  void start_after(WallTime counted_until) { counted_until_ = counted_until; }
  using IsHere = std::function<bool(std::string_view domain)>;  // whether its mailboxes are here
  // Each message once in this life. A message for several domains, or mailboxes, counts once in each of them.
  void arrived(const Envelope& envelope, const IsHere& is_here = {});
  enum class Which : std::uint8_t { OverOnly, All };
  // The points of hours that are over (or all), which are forgotten here.
  [[nodiscard]] std::vector<Point> take(WallTime now, Which which);
  // Those of the hours that are not over, which are kept: so far.
  [[nodiscard]] std::vector<Point> running(WallTime now) const;
  // The latest acceptance counted.
  [[nodiscard]] WallTime counted_until() const;

 private:
  struct Names {
    std::map<std::string, Figures, std::less<>> named;
    Figures others;
  };
  struct Hour {
    Figures total;
    Names domains, senders, accounts, mailboxes;
    [[nodiscard]] std::array<std::pair<Dimension, Names*>, 4> named() {
      return {{{Dimension::Destination, &domains}, {Dimension::Sender, &senders}, {Dimension::Account, &accounts}, {Dimension::Mailbox, &mailboxes}}};
    }
  };
  static void count(Names& names, std::string_view name, const Figures& figures);
  static void keep_largest(Names& names, std::size_t most);
  static void add_points(std::vector<Point>& points, Time at, Hour& hour);

  mutable std::mutex mutex_;
  std::map<Time, Hour> hours_;
  WallTime counted_until_{}, latest_{};
};

}  // namespace hikyaku::history
