// The check of an account's store: every counter, log entry, share and quota is counted again from the messages, and
// every body is read. For tests, after a crash, and for `hikyaku` tools. It changes nothing.
#pragma once

#include <string>
#include <vector>

#include "services/mailboxes/types.h"

namespace hikyaku::mailboxes {

// One sentence for each thing that is wrong; empty: all is well. Run it while nobody writes, or what is changing shows
// as wrong. Cost: the whole account is read.
enum class Bodies : std::uint8_t { Skip, Verify };
[[nodiscard]] MailboxResult<std::vector<std::string>> check_account(storage::Engine& engine, AccountId account, Bodies bodies,
                                                                    Deadline deadline);

}  // namespace hikyaku::mailboxes
