#include "apps/deliver/escrow_task.h"

#include "apps/service/data_folders.h"
#include "services/escrow/escrow_settings.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
constexpr Duration look_interval = 2s;

}  // namespace

EscrowTask::EscrowTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk)
    : service_(service), loop_(loop), workers_(workers), keeper_(disk, service.path(folder::escrow)) {}

void EscrowTask::look() {
  const auto settings = service_.settings();
  const bool wanted = !settings->refusals.escrow().empty();
  using Keys = escrow::Keeper::Keys;
  const auto looked = keeper_.look(escrow::limits_of(settings->refusals), wanted ? Keys::MakeThem : Keys::UseThem, clock_.wall(), [this](const quarantine::Entry& entry, escrow::Gone why) {
    const auto sender = entry.envelope.reverse_path.text(), recipient = entry.envelope.recipients.front().address.text();
    service_.log().write(events::escrow_changed, {.message = entry.envelope.id, .sender = sender, .null_sender = sender.empty(), .recipient = recipient, .text = escrow::gone_name(why), .reason = entry.why});
  });
  const auto trouble = looked ? std::string{} : looked.error().what;
  if (!trouble.empty() && trouble != trouble_) service_.log().write(events::storage_trouble, {.text = "escrow", .reason = trouble});
  trouble_ = trouble;
}

Task<void> EscrowTask::run() {
  return io::repeat_on_workers(loop_, workers_, look_interval, [this] { look(); });
}

}  // namespace hikyaku::apps
