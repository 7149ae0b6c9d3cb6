#include "apps/cli/account/usage.h"

#include "apps/cli/queue/access.h"
#include "apps/service/data_folders.h"

namespace hikyaku::cli {

std::unique_ptr<AccountUsage> AccountUsage::open(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return nullptr;
  std::unique_ptr<AccountUsage> usage(new AccountUsage(call));
  auto engine = storage::SqliteEngine::open(usage->disk_, apps::folder::in(settings->node.data(), apps::folder::accounts));
  if (!engine) return call.fail(engine.error().what), nullptr;
  usage->engine_ = *std::move(engine);
  usage->mailboxes_ = std::make_unique<mailboxes::Mailboxes>(*usage->engine_, usage->clock_);
  return usage;
}

std::optional<mailboxes::QuotaUsage> AccountUsage::of(const directory::Account& account) {
  const auto used = mailboxes_->usage(account.id, clock_.now() + 10s);
  mailboxes_->rest(account.id);
  if (used) return *used;
  (void)call_.fail(account.address.text() + ": " + used.error().what);
  return std::nullopt;
}

std::string used_text(const Invocation& call, const directory::Account& account, const mailboxes::QuotaUsage& used) {
  auto text = size_text(used.octets);
  if (account.quota_octets == 0) return text;
  text += std::string(call.say({" of ", " / "})) + settings::size_text({account.quota_octets});
  return text + " (" + std::to_string(static_cast<std::uint64_t>(100.0 * static_cast<double>(used.octets) / static_cast<double>(account.quota_octets))) + " %)";
}

}  // namespace hikyaku::cli
