// What the queue's history is made of: how much waited where, at a time, in all and by destination, sender, account and
// failure class; and what arrived. Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace hikyaku::history {

using Seconds = std::chrono::seconds;
using Time = std::chrono::sys_seconds;

enum class Place : std::uint8_t {
  Incoming,  // messages that wait for their first attempt
  Holding,   // messages with a deferred recipient
  Domains,   // deferred recipients
  Arrivals,  // messages that came in during the span, by the time of their acceptance
};
enum class Dimension : std::uint8_t { Total, Destination, Sender, Account, Class, Mailbox };

// Of Destination: the key of a lane ("mx:a.example", "host:gw:25", "local:a.example"), for what was not planned yet and for
// arrivals the recipient's domain. Of Account: who logged in to send. Of Mailbox, for arrivals only: the recipient's address, in a domain here. Without a name, in a dimension other than Total: all that are not named.
struct Series {
  Place place = Place::Incoming;
  Dimension by = Dimension::Total;
  std::string name;
  friend auto operator<=>(const Series&, const Series&) = default;
};

struct Figures {
  std::uint64_t count = 0;
  std::uint64_t octets = 0;
  std::uint64_t oldest_seconds = 0;  // age; of Domains since the first failed attempt; of Arrivals not used
  friend bool operator==(const Figures&, const Figures&) = default;
};

// One figure of the history. `span`: the time it stands for, from `at` on: a minute, an hour, a day.
struct Point {
  Time at{};
  Series series;
  Figures figures;
  friend bool operator==(const Point&, const Point&) = default;
};

constexpr std::size_t longest_name = 320;  // octets kept of an address or key

[[nodiscard]] std::string_view place_name(Place place);          // "incoming", "holding", "domains", "arrivals"
[[nodiscard]] std::string_view dimension_name(Dimension by);     // "total", "destination", "sender", "account", "class", "mailbox"
[[nodiscard]] std::optional<Place> parse_place(std::string_view name);
[[nodiscard]] std::optional<Dimension> parse_dimension(std::string_view name);

// How levels of several moments become one: the largest of each.
void take_larger(Figures& into, const Figures& from);
void add(Figures& into, const Figures& from);

}  // namespace hikyaku::history
