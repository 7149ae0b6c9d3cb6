// RouteTable: the route table as it is asked, for every recipient of every mail: the first row whose pattern and sender
// condition match, else the global gateway. Immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mail/address.h"
#include "services/directory/types.h"

namespace hikyaku::directory {

struct RouteDecision;

// '*' any octets, everything else itself, ASCII case folded. At most pattern x text steps.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);
// The pattern alone: whether "*.a.example" covers a.example itself is the table's to say.
[[nodiscard]] bool matches_recipient(const Route& route, const Address& recipient);
// True without a sender condition.
[[nodiscard]] bool matches_sender(const Route& route, const ReversePath& sender);
// "a.example" of "*.a.example": the domain that such a row covers too, unless that has a row of its own. Else empty.
[[nodiscard]] std::string_view covered_parent(std::string_view pattern);

class RouteTable {
 public:
  RouteTable() = default;
  RouteTable(const std::vector<Route>& rows, const std::optional<Route>& gateway);

  // Hashed for rows without '*', linear in the others.
  [[nodiscard]] RouteDecision find(const Address& recipient, const ReversePath& sender) const;
  // The row of a covered parent domain itself, for this sender.
  [[nodiscard]] bool has_own_row(std::string_view domain, const ReversePath& sender) const;

 private:
  // The first row of an exact pattern whose sender condition holds; `none` if there is none.
  [[nodiscard]] std::size_t exact(const std::string& pattern, std::string_view sender) const;
  // Whether row `row` (from 0) matches, the rows before it apart. Both folded; an empty sender is the null one.
  [[nodiscard]] bool matches(std::size_t row, std::string_view recipient, std::string_view sender) const;

  std::vector<std::shared_ptr<const Route>> rows_;
  std::shared_ptr<const Route> gateway_;
  std::unordered_map<std::string, std::vector<std::size_t>> exact_;  // pattern without '*' -> its rows
  std::vector<std::size_t> wildcards_;
  bool senders_count_ = false;  // some row has a sender condition
};

}  // namespace hikyaku::directory
