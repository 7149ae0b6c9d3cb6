#include "services/directory/alias_check.h"

#include <unordered_map>

#include "base/cursor.h"
#include "services/directory/address_text.h"

namespace hikyaku::directory {
namespace {

// The aliases as a graph, walked without recursion: a chain may be as long as there are aliases.
class Walk {
 public:
  explicit Walk(const Snapshot& directory) : directory_(directory), aliases_(directory.contents().aliases) {
    for (std::size_t n = 0; n < aliases_.size(); ++n) numbers_.emplace(aliases_[n].pattern, n);
    nodes_.resize(aliases_.size());
  }

  std::vector<AliasTrouble> run() {
    for (std::size_t n = 0; n < aliases_.size(); ++n) {
      if (auto lost = directory_.lost_targets(aliases_[n]); !lost.empty()) troubles_.push_back({AliasTrouble::Kind::Lost, aliases_[n].pattern, std::move(lost), {}});
      if (nodes_[n].state == State::New) walk_from(n);
    }
    return std::move(troubles_);
  }

 private:
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);
  enum class State : std::uint8_t { New, OnTheWay, Done };
  struct Node {
    State state = State::New;
    std::size_t next = 0;         // target to be looked at
    std::size_t depth = 1;        // aliases on the longest way from here, itself with them
    std::size_t deepest = nobody;  // the next of them
  };

  // The alias that mail for a target meets first.
  [[nodiscard]] std::size_t alias_behind(const std::string& from, const std::string& target) const {
    const auto address = parse_address(target);
    if (!address || equal_ignoring_case(target, from)) return nobody;  // its own name: the account behind it
    const auto resolved = directory_.resolve(*address, 1);
    const auto found = resolved.through.empty() ? numbers_.end() : numbers_.find(resolved.through.front());
    return found == numbers_.end() ? nobody : found->second;
  }

  void walk_from(std::size_t first) {
    std::vector<std::size_t> way{first};
    nodes_[first].state = State::OnTheWay;
    while (!way.empty()) {
      const auto here = way.back();
      auto& node = nodes_[here];
      const auto& targets = aliases_[here].targets;
      if (node.next == targets.size()) {
        way.pop_back();
        leave(here);
        continue;
      }
      const auto to = alias_behind(aliases_[here].pattern, targets[node.next]);
      if (to != nobody && nodes_[to].state == State::New) {  // looked at again when it is done
        nodes_[to].state = State::OnTheWay;
        way.push_back(to);
        continue;
      }
      ++node.next;
      if (to == nobody) continue;
      if (nodes_[to].state == State::OnTheWay) tell_loop(way, to);
      else if (nodes_[to].depth >= node.depth) node.depth = nodes_[to].depth + 1, node.deepest = to;
    }
  }

  void leave(std::size_t here) {
    nodes_[here].state = State::Done;
    if (nodes_[here].depth != Snapshot::most_alias_levels + 1) return;
    AliasTrouble trouble{AliasTrouble::Kind::TooDeep, aliases_[here].pattern, {}, {}};
    for (auto at = here; at != nobody; at = nodes_[at].deepest) trouble.way.push_back(aliases_[at].pattern);
    troubles_.push_back(std::move(trouble));
  }

  void tell_loop(const std::vector<std::size_t>& way, std::size_t to) {
    AliasTrouble trouble{AliasTrouble::Kind::Loop, aliases_[to].pattern, {}, {}};
    bool within = false;
    for (const auto one : way) {
      within = within || one == to;
      if (within) trouble.way.push_back(aliases_[one].pattern);
    }
    trouble.way.push_back(aliases_[to].pattern);
    troubles_.push_back(std::move(trouble));
  }

  const Snapshot& directory_;
  const std::vector<Alias>& aliases_;
  std::unordered_map<std::string_view, std::size_t> numbers_;
  std::vector<Node> nodes_;
  std::vector<AliasTrouble> troubles_;
};

}  // namespace

std::vector<AliasTrouble> check_aliases(const Snapshot& directory) { return Walk(directory).run(); }

}  // namespace hikyaku::directory
