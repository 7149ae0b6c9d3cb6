#include "apps/deliver/suspension_mails.h"

#include "protocol/smtp/address.h"
#include "services/history/suspension_mail.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
constexpr Duration look_interval = 2s;

std::vector<history::SuspendedAccount> suspended_in(const directory::Snapshot& snapshot) {
  std::vector<history::SuspendedAccount> all;
  for (const auto& one : snapshot.contents().suspensions) {
    const auto* account = snapshot.account(one.account);
    if (account != nullptr && one.in_force == directory::Enabled::Yes) all.push_back({account->address.text(), std::chrono::floor<history::Seconds>(one.since), one.by, one.why});
  }
  return all;
}

}  // namespace

SuspensionMails::SuspensionMails(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool, const directory::Reader& directory)
    : service_(service), loop_(loop), workers_(workers), disk_(disk), spool_(spool), directory_(directory), path_(service.path("spool/told-suspensions")) {}

void SuspensionMails::remember() {
  if (std::exchange(remembered_, true)) return;
  if (auto text = io::read_file(disk_, path_, history::largest_suspended_text)) kept_ = *std::move(text);
}

bool SuspensionMails::tell(const std::vector<history::SuspendedAccount>& accounts) {
  const auto settings = service_.settings();
  const history::MailOrigin origin{service_.hostname(), static_cast<std::uint16_t>(settings->node.id()), clock_.wall(),
                                   settings->alarm.language() == "japanese" ? history::NoticeLanguage::Japanese : history::NoticeLanguage::English};
  for (const auto& text : settings->refusals.administrators()) {
    std::optional<Address> named;
    if (text == "postmaster") named = {"postmaster", ""};
    else if (auto parsed = smtp::parse_address(text)) named = *std::move(parsed);
    if (!named) continue;
    const auto mail = history::suspension_mail(accounts, *named, origin);
    if (const auto generated = spool_.generate({&mail, 1}); !generated) {
      service_.log().write(events::storage_trouble, {.reason = generated.error().what});
      return false;
    }
    const auto recipient = named->text();
    service_.log().write(events::mail_generated, {.message = mail.envelope.id, .null_sender = true, .recipient = recipient});
  }
  return true;
}

// What was told is written after the mails: a crash between makes them again, under the same ids.
void SuspensionMails::look(const directory::Snapshot& snapshot) {
  remember();
  history::SuspensionWatch watch;
  watch.decode(kept_);
  const auto all = suspended_in(snapshot);
  std::vector<history::SuspendedAccount> fresh;
  for (const auto& notice : watch.look(all, std::chrono::floor<history::Seconds>(clock_.wall())))
    if (notice.change == history::AlarmNotice::Change::Raised) fresh.push_back({notice.about, notice.since, std::string(directory::suspended_by_auth), notice.why});
  if (!fresh.empty() && !tell(fresh)) return;
  if (auto text = watch.encode(); text != kept_) {
    if (const auto written = io::replace_file(disk_, path_, text); !written) return service_.log().write(events::storage_trouble, {.reason = written.error().what});
    kept_ = std::move(text);
  }
  seen_ = snapshot.version();
}

Task<Duration> SuspensionMails::step() {
  const auto snapshot = directory_.newest();
  if (!snapshot || seen_ == snapshot->version()) co_return look_interval;
  auto looking = workers_.run(loop_, [&] { look(*snapshot); });
  const auto looked = co_await std::move(looking);
  (void)looked;
  co_return look_interval;
}

Task<void> SuspensionMails::run() {
  return io::repeat(loop_, [this] { return step(); });
}

}  // namespace hikyaku::apps
