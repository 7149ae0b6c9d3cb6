#include "apps/deliver/quarantine_task.h"

#include <algorithm>
#include <ctime>

#include "apps/service/data_folders.h"
#include "base/checksum.h"
#include "protocol/smtp/address.h"
#include "services/quarantine/digest.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
constexpr Duration look_interval = 2s;
constexpr Duration incomplete_for = 1h;  // then nobody is writing it any more

}  // namespace

QuarantineTask::QuarantineTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool)
    : service_(service), loop_(loop), workers_(workers), disk_(disk), spool_(spool), store_(disk, service.path(folder::quarantine)) {}

// A deposit that its process did not live to end was never answered 250.
void QuarantineTask::forget_incomplete(const quarantine::Contents& contents) {
  const auto now = clock_.now();
  if (now - incomplete_since_ < incomplete_for) return;
  for (const auto& name : contents.incomplete)
    if (std::ranges::find(incomplete_, name) != incomplete_.end()) (void)store_.remove_file(name);
  incomplete_ = contents.incomplete;
  incomplete_since_ = now;
}

void QuarantineTask::send_digest(const quarantine::Contents& contents, WallTime now) {
  const auto settings = service_.settings();
  const auto to = smtp::parse_address(settings->quarantine.digest());
  if (!to) return;
  const auto file = service_.path(folder::quarantine) + "/digest-sent";
  const auto kept = io::read_file(disk_, file, 1'000);
  const auto last = kept ? telemetry::parse_stamp(*kept) : std::nullopt;
  const auto clock_time = std::chrono::system_clock::to_time_t(now);
  std::tm local{};
  ::localtime_r(&clock_time, &local);
  const auto today = telemetry::day_text(now);
  if (local.tm_hour < settings->quarantine.digest_hour() || (last && telemetry::day_text(*last) == today)) return;
  const auto since = last.value_or(now - std::chrono::hours{24});
  const bool japanese = settings->alarm.language() == "japanese";
  const auto told_file = service_.path(folder::quarantine) + "/digest-told";
  const auto told = io::read_file(disk_, told_file, 1ULL << 30);
  const auto fresh = quarantine::untold(contents.entries, told ? std::optional(*told) : std::nullopt, since);
  const auto mail = quarantine::digest_mail(fresh, now, {service_.hostname(), *to, static_cast<std::uint16_t>(settings->node.id()), japanese ? quarantine::DigestLanguage::Japanese : quarantine::DigestLanguage::English});
  if (mail) {
    const auto generated = spool_.generate({&*mail, 1});
    if (!generated) return service_.log().write(events::storage_trouble, {.reason = generated.error().what});
    const auto recipient = to->text();
    service_.log().write(events::mail_generated, {.message = mail->envelope.id, .null_sender = true, .recipient = recipient});
  }
  // After the mail, whose id follows from the day: once is once.
  if (const auto written = io::replace_file(disk_, told_file, quarantine::told_text(contents.entries)); !written) return service_.log().write(events::storage_trouble, {.reason = written.error().what});
  if (const auto written = io::replace_file(disk_, file, telemetry::stamp_text(now)); !written) service_.log().write(events::storage_trouble, {.reason = written.error().what});
}

void QuarantineTask::look() {
  if (const auto gathered = store_.gather(); !gathered) service_.log().write(events::storage_trouble, {.text = "quarantine", .reason = gathered.error().what});
  auto contents = store_.list();
  if (!contents) {
    if (contents.error().kind != spool::SpoolFailure::NotFound) service_.log().write(events::storage_trouble, {.text = "quarantine", .reason = contents.error().what});
    return;
  }
  const auto settings = service_.settings();
  const auto now = clock_.wall();
  for (const auto& entry : contents->entries) {
    if (now - entry.taken < std::chrono::hours{24} * settings->quarantine.days()) continue;
    if (store_.remove(entry.envelope.id)) service_.log().write(events::quarantine_changed, {.message = entry.envelope.id, .text = "too old", .reason = entry.why});
  }
  forget_incomplete(*contents);
  const bool full = contents->octets >= settings->quarantine.size().octets;
  (void)store_.say(full ? quarantine::Store::Room::Full : quarantine::Store::Room::Left);
  if (full && !told_full_) service_.log().write(events::quarantine_full, {.octets = contents->octets});
  told_full_ = full;
  send_digest(*contents, now);
}

Task<void> QuarantineTask::run() {
  return io::repeat_on_workers(loop_, workers_, look_interval, [this] { look(); });
}

}  // namespace hikyaku::apps
