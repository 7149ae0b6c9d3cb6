#include "apps/auth/suspended_page.h"

#include "apps/service/data_folders.h"
#include "services/history/suspended.h"

namespace hikyaku::apps {
namespace {

constexpr Duration look_interval = 500ms;

std::string text_of(const directory::Snapshot& snapshot) {
  std::vector<history::SuspendedAccount> all;
  for (const auto& one : snapshot.contents().suspensions) {
    const auto* account = snapshot.account(one.account);
    if (account == nullptr || one.in_force == directory::Enabled::No) continue;
    all.push_back({account->address.text(), std::chrono::floor<history::Seconds>(one.since), one.by, one.why});
  }
  return history::suspended_text(all);
}

}  // namespace

Task<void> SuspendedPage::run() {
  const auto path = service_.path(folder::counters) + "/" + service_.name() + "/suspended";
  std::optional<storage::Version> seen;
  std::optional<std::string> written;
  while (!loop_.stopping()) {
    const auto snapshot = reader_.newest();
    if (snapshot && seen != snapshot->version()) {
      for (const auto& one : snapshot->contents().suspensions) guard_.settle(one);
      auto text = text_of(*snapshot);
      bool kept = written == text;
      if (!kept) {
        auto work = workers_.run(loop_, [&] { return io::replace_file(disk_, path, text).has_value(); });
        const auto ran = co_await std::move(work);
        kept = ran && *ran;
      }
      if (kept) written = std::move(text), seen = snapshot->version();
    }
    const auto woken = co_await loop_.sleep_until(loop_.after(look_interval));
    if (woken == io::Wake::Cancelled) co_return;
  }
}

}  // namespace hikyaku::apps
