#include "apps/deliver/refused_mail.h"

#include "apps/service/data_folders.h"
#include "protocol/smtp/address.h"

namespace hikyaku::apps {
namespace {

constexpr Duration tell_interval = 1s;
constexpr std::uint32_t most_refused = 1'000'000;  // of one account, before they are told

}  // namespace

RefusedMail::RefusedMail(Service& service, io::Loop& loop, const directory::Reader& directory)
    : service_(service), loop_(loop), directory_(directory), auth_(loop, service.path(folder::run) + "/auth.sock") {}

void RefusedMail::count(const std::string& account) {
  if (refused_.size() >= most_accounts && !refused_.contains(account)) return;
  auto& refused = refused_[account];
  refused = std::min(refused + 1, most_refused);
}

Task<bool> RefusedMail::tell(std::string account, std::uint32_t refused) {
  const auto snapshot = directory_.newest();
  const auto address = smtp::parse_address(account);
  const auto* known = snapshot && address ? snapshot->account(*address) : nullptr;
  if (known == nullptr) co_return true;  // it is no more
  auto telling = auth_.may_send({.account = known->id, .client_address = {}, .client_name = {}, .refused_elsewhere = refused});
  const auto answer = co_await std::move(telling);
  co_return std::holds_alternative<directory::SendRight>(answer);
}

Task<void> RefusedMail::run() {
  while (!loop_.stopping()) {
    const auto woken = co_await loop_.sleep_until(loop_.after(tell_interval));
    if (woken == io::Wake::Cancelled) co_return;
    if (service_.settings()->abuse.hijacked() == "off") refused_.clear();
    auto told = std::exchange(refused_, {});
    while (!told.empty()) {
      auto next = told.extract(told.begin());
      auto telling = tell(next.key(), next.mapped());
      const bool done = co_await std::move(telling);
      if (done) continue;
      // `auth` is away: all of it again, with what came meanwhile.
      told.insert(std::move(next));
      for (const auto& [account, refused] : told)
        if (refused_.size() < most_accounts || refused_.contains(account)) refused_[account] = std::min(refused_[account] + refused, most_refused);
      break;
    }
  }
}

}  // namespace hikyaku::apps
