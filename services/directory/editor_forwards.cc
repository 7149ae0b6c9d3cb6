// Forwards of accounts, as the editor changes them.
#include <algorithm>

#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/rows.h"
#include "services/directory/sender_pattern.h"

namespace hikyaku::directory {

using storage::Erase;
using storage::Put;

namespace {

constexpr std::size_t most_forward_targets = 100, most_forward_senders = 1'000, most_rows_per_commit = 500;

// The forward as it is kept, with its account.
DirectoryResult<Forward> checked(const Snapshot& snapshot, const Editor::NewForward& wanted) {
  const auto address = parse_address(wanted.account);
  const auto* account = address ? snapshot.account(*address) : nullptr;
  if (!account) return refuse(DirectoryFailure::NotFound, "There is no account " + wanted.account + "; see: hikyaku account list");
  Forward forward{account->id, wanted.forward.keep, {}, {}};
  const auto own = fold(account->address);
  for (const auto& target : wanted.forward.targets) {
    if (!parse_address(target) || target.find_first_of(" *,\t") != std::string::npos)
      return refuse(DirectoryFailure::BadValue, "The target \"" + target + "\" is not an address; write user@domain.");
    if (fold_pattern(target) == own)
      return refuse(DirectoryFailure::BadValue, "The forward of " + own + " leads to itself; to keep a copy in its mailbox, say so with --keep yes.");
    const auto same = [&](const std::string& old) { return fold_pattern(old) == fold_pattern(target); };
    if (std::ranges::none_of(forward.targets, same)) forward.targets.push_back(target);
  }
  if (forward.targets.empty()) return refuse(DirectoryFailure::BadValue, "The forward of " + own + " has no target; name at least one address.");
  if (forward.targets.size() > most_forward_targets)
    return refuse(DirectoryFailure::BadValue, "The forward of " + own + " has more than 100 targets; make a mailing list of them.");
  for (const auto& sender : wanted.forward.only_from) {
    auto pattern = normal_sender_pattern(sender);
    if (!pattern) return refuse(DirectoryFailure::BadValue, "\"" + sender + "\" names no sender; write user@domain, *@domain, *@*.domain or <>.");
    if (std::ranges::find(forward.only_from, *pattern) == forward.only_from.end()) forward.only_from.push_back(std::move(*pattern));
  }
  if (forward.only_from.size() > most_forward_senders)
    return refuse(DirectoryFailure::BadValue, "The forward of " + own + " names more than 1,000 senders; name whole domains.");
  return forward;
}

}  // namespace

DirectoryResult<> Editor::set_forward(const NewForward& wanted, Run run) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(forward, checked(snapshot, wanted));
    const auto* old = snapshot.forward(forward.account);
    if (run == Run::Dry || (old && *old == forward)) return Changes{};
    return Changes{Put{rows::forward_key(forward.account), rows::encode(forward)}};
  });
}

DirectoryResult<> Editor::clear_forward(std::string_view address, Run run) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto parsed = parse_address(address);
    const auto* account = parsed ? snapshot.account(*parsed) : nullptr;
    if (!account) return refuse(DirectoryFailure::NotFound, "There is no account " + std::string(address) + "; see: hikyaku account list");
    if (!snapshot.forward(account->id))
      return refuse(DirectoryFailure::NotFound, fold(account->address) + " has no forward; see: hikyaku account forward show");
    if (run == Run::Dry) return Changes{};
    return Changes{Erase{rows::forward_key(account->id)}};
  });
}

DirectoryResult<std::vector<Editor::Rejected>> Editor::set_forwards(std::span<const NewForward> forwards, Run run) {
  std::vector<Rejected> rejected;
  for (std::size_t begin = 0; begin < forwards.size(); begin += most_rows_per_commit) {
    const auto some = forwards.subspan(begin, std::min(most_rows_per_commit, forwards.size() - begin));
    std::vector<Rejected> of_part;
    auto done = edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      of_part.clear();
      Changes changes;
      for (std::size_t i = 0; i < some.size(); ++i) {
        auto forward = checked(snapshot, some[i]);
        if (!forward) of_part.push_back({begin + i, std::move(forward).error().what});
        else if (run == Run::Really) changes.emplace_back(Put{rows::forward_key(forward->account), rows::encode(*forward)});
      }
      return changes;
    });
    if (!done && done.error().kind != DirectoryFailure::NotSeen) return failure(std::move(done).error());
    rejected.insert(rejected.end(), of_part.begin(), of_part.end());
  }
  return rejected;
}

}  // namespace hikyaku::directory
