// What the directory, the quotas, the holds and the accounts' rules say of a recipient at RCPT: the same in `auth`, whom
// reception asks, and in `hikyaku policy test`.
#pragma once

#include <vector>

#include "io/socket_address.h"
#include "services/directory/auth_protocol.h"
#include "services/directory/directory.h"
#include "services/directory/quota_page.h"

namespace hikyaku::directory {

struct RecipientJudging {
  const std::vector<io::IpNetwork>& relay_networks;  // known senders, beside those of networks that the directory lists
  QuotaReader& quotas;
};
// Of an address that is no rewritten sender's (srs_secrets.h). Two system calls at most; one thread.
[[nodiscard]] RecipientAnswer judge_recipient(const Snapshot& snapshot, const auth_protocol::ResolveRequest& request, const RecipientJudging& by);

}  // namespace hikyaku::directory
