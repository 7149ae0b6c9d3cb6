// What the directory, the quotas, the holds and the accounts' rules say of a recipient at RCPT: the same in `auth`, whom
// reception asks, and in `hikyaku policy test`.
#pragma once

#include <vector>

#include "io/socket_address.h"
#include "services/directory/auth_protocol.h"
#include "services/directory/directory.h"
#include "services/directory/quota_page.h"
#include "services/directory/srs_secrets.h"

namespace hikyaku::directory {

struct RecipientJudging {
  const std::vector<io::IpNetwork>& relay_networks;  // known senders, beside those of networks that the directory lists
  QuotaReader& quotas;
  const srs::Secrets& srs_secrets;  // bounces of rewritten senders are known by them (srs_secrets.h); empty: none are
};
// Two system calls at most; one thread.
[[nodiscard]] RecipientAnswer judge_recipient(const Snapshot& snapshot, const auth_protocol::ResolveRequest& request, const RecipientJudging& by);

}  // namespace hikyaku::directory
