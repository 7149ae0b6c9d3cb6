#include "services/delivery/onward/forward_walk.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "services/directory/address_text.h"
#include "services/directory/sender_pattern.h"

namespace hikyaku::delivery {
namespace {

using directory::LocalTarget;

Address with_mailbox(const LocalTarget& target) {
  Address address = target.address;
  if (!target.mailbox.empty()) address.local_part += "+" + target.mailbox;  // RFC 5233
  return address;
}

class Walk {
 public:
  Walk(const directory::Snapshot& directory, const ReversePath& sender) : directory_(directory), sender_(sender) {}

  ForwardWalk run(const LocalTarget& from) {
    met_.insert(from.account.value());
    waiting_.push_back(from);
    while (!waiting_.empty()) {
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      visit(next);
    }
    auto& to = found_.forwards;
    if (to.mailboxes.empty() && to.targets.empty()) to.through.clear();
    return std::move(found_);
  }

 private:
  void visit(const LocalTarget& account) {
    auto& to = found_.forwards;
    const auto* forward = directory_.forward(account.account);
    const bool for_sender = forward != nullptr && (forward->only_from.empty() || directory::names_sender(forward->only_from, sender_));
    if (forward != nullptr && !for_sender) found_.not_for_sender.push_back(account.address);
    if (!for_sender || to.through.size() >= most_forwards_followed) return to.mailboxes.push_back(with_mailbox(account));
    to.through.push_back(account.address);
    if (forward->keep == directory::KeepCopy::Yes) to.mailboxes.push_back(with_mailbox(account));
    for (const auto& target : forward->targets)
      if (const auto address = directory::parse_address(target)) follow(*address);
  }

  void follow(const Address& target) {
    const auto resolved = directory_.resolve(target, targets_looked_up_on_a_loop);
    // An alias of very many, or nobody here: as it is, and it is judged when its own turn comes.
    if (resolved.truncated || (resolved.local.empty() && resolved.remote.empty() && resolved.lists.empty())) return add(target);
    for (const auto& local : resolved.local) {
      if (met_.insert(local.account.value()).second) waiting_.push_back(local);
      else found_.led_back.push_back(local.address);
    }
    for (const auto& remote : resolved.remote) add(remote);
    for (const auto& list : resolved.lists)
      if (const auto address = directory::parse_address(list)) add(*address);
  }

  void add(const Address& target) {
    if (named_.insert(directory::fold(target)).second) found_.forwards.targets.push_back(target);
  }

  const directory::Snapshot& directory_;
  const ReversePath& sender_;
  std::deque<LocalTarget> waiting_;
  std::unordered_set<std::uint64_t> met_;
  std::unordered_set<std::string> named_;
  ForwardWalk found_;
};

}  // namespace

ForwardWalk follow_forwards(const directory::Snapshot& directory, const LocalTarget& from, const ReversePath& sender) {
  return Walk(directory, sender).run(from);
}

}  // namespace hikyaku::delivery
