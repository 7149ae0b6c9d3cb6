// Sampler: looks at a whole spool and says what waits there, as the points of one moment. On a worker: it may block, reads
// a few envelopes to learn the names of the largest senders and accounts, and keeps those names.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/history/sample.h"
#include "services/spool/spool.h"

namespace hikyaku::history {

class Sampler {
 public:
  // Points of each dimension that have a name of their own; all others are one sum.
  static constexpr std::size_t most_named = 10;

  // `class_name` of a failure class's number.
  explicit Sampler(std::function<std::string(std::uint8_t)> class_name) : class_name_(std::move(class_name)) {}

  // Totals of incoming, holding and domains always; the dimensions of those that are not empty. Empty: who is deferred was not
  // read yet. Two passes over everything that waits, about 0.1 s each for a million recipients.
  [[nodiscard]] std::vector<Point> take(spool::Spool& spool, WallTime now);

 private:
  struct Tallies;
  void add_class_points(std::vector<Point>& points, const Tallies& tallies, Time at) const;
  void add_named_points(std::vector<Point>& points, spool::Spool& spool, const Tallies& tallies, Time at);
  [[nodiscard]] std::string name_of(spool::Spool& spool, Dimension by, std::uint64_t key, const spool::MessageRef& example);

  const std::function<std::string(std::uint8_t)> class_name_;
  // By dimension and key; forgotten when there are too many.
  std::unordered_map<std::uint64_t, std::string> names_;
};

}  // namespace hikyaku::history
