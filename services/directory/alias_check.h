// What is wrong with the aliases as a whole: targets that lead nowhere, aliases that lead back to themselves, chains longer
// than mail follows. For the operator; nothing of it stops mail that can go. Linear in aliases and targets, each resolved once.
#pragma once

#include <string>
#include <vector>

#include "services/directory/directory.h"

namespace hikyaku::directory {

struct AliasTrouble {
  enum class Kind : std::uint8_t {
    Lost,     // `lost` lead nowhere
    Loop,     // `way` leads from the alias back to it
    TooDeep,  // `way` is the alias's longest, beyond what mail follows
  };
  Kind kind = Kind::Lost;
  std::string alias;  // its pattern
  std::vector<LostTarget> lost;
  std::vector<std::string> way;  // patterns, from the alias on
  friend bool operator==(const AliasTrouble&, const AliasTrouble&) = default;
};

// In the order of the aliases. A loop is told once, of the first of its aliases; of aliases too deep only the shortest way
// that is too long, since those that lead to it are so too.
[[nodiscard]] std::vector<AliasTrouble> check_aliases(const Snapshot& directory);

}  // namespace hikyaku::directory
