// RouteChange: which destinations of the queue a changed route table may concern, so that the rest need not be read back
// from disk to be planned again. Errs on the side of "may". Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/directory/directory.h"

namespace hikyaku::delivery {

class RouteChange {
 public:
  RouteChange(const directory::Contents& before, const directory::Contents& after);
  [[nodiscard]] bool any() const { return any_; }
  // `key`: a NextHop's key. A domain by MX is concerned when a row that came, went or moved can match its addresses, or the
  // way of all domains without a row changed; the hosts of a row are concerned by any change of the table.
  [[nodiscard]] bool concerns(std::string_view key) const;

 private:
  bool any_ = false, everywhere_ = false;
  std::vector<std::string> patterns_;  // of the rows that came, went or moved
};

}  // namespace hikyaku::delivery
