// The commands that change the queue. One that nobody can take back shows how many recipients it means and the first of
// them until --yes is given; one that does no harm acts at once and has --dry-run. They act a part at a time, with a bar on a terminal. A command that is cut off has done a part, and may be repeated.
#pragma once

#include "apps/cli/queue/access.h"

namespace hikyaku::cli {

enum class Caution : std::uint8_t { ActsAtOnce, ShowsFirst };

struct ActionWords {
  Words would;  // " recipients would be ..." after a number
  Words done;   // " recipients were ..." after a number
  Words stopped = {"", ""};  // instead of `done` while deliver is stopped; empty: the same
};
// Called when it is sure that mail is to be changed, to make the action whole. False: it cannot be, and why was printed.
using Prepare = std::function<bool(delivery::QueueAction&)>;
[[nodiscard]] Exit act_on_queue(Invocation& call, delivery::QueueAction action, Caution caution, const ActionWords& words, const Prepare& prepare = nullptr);

// What a request means, a part at a time, with no word to people; it begins with the first of all. `so_far` is told after each part. Nothing: the reason was printed.
struct Acted {
  std::uint64_t recipients = 0;
  std::vector<std::string> troubles;  // the first of them
  std::map<std::uint64_t, std::uint64_t> kept;  // released, and kept by another hold still: how many, by its id
};
[[nodiscard]] std::optional<Acted> act_on_all(QueueAccess& queue, delivery::QueueActionRequest request, const std::function<void(std::uint64_t)>& so_far = nullptr);

// The options of all of them: what chooses mail, --all, and --dry-run or --yes.
[[nodiscard]] std::vector<Option> action_options(Caution caution);

}  // namespace hikyaku::cli
