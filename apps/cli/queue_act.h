// The commands that change the queue: without --yes they show how many recipients they mean and the first of them; with
// it they act, a part at a time, with a bar on a terminal. A command that is cut off has done a part, and may be repeated.
#pragma once

#include "apps/cli/queue_access.h"

namespace hikyaku::cli {

struct ActionWords {
  Words would;  // " recipients would be ..." after a number
  Words done;   // " recipients were ..." after a number
};
[[nodiscard]] Exit act_on_queue(Invocation& call, const delivery::QueueAction& action, const ActionWords& words);

// The options of all of them: what chooses mail, --all and --yes.
[[nodiscard]] std::vector<Option> action_options();

}  // namespace hikyaku::cli
