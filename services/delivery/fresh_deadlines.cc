// Fresh mail that is late (RFC 2852 §4.1.3): its sender is told while it waits in a lane or is under its first attempt.
#include "services/delivery/fresh_deadlines.h"

#include <algorithm>

#include "protocol/mime/date.h"
#include "services/delivery/delivery.h"
#include "services/delivery/notification.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t told_at_once = 50;
constexpr std::uint64_t header_octets = 16 << 10;

RecipientReport late_report(const Envelope& envelope, std::uint32_t recipient) {
  RecipientReport report;
  report.recipient = envelope.recipients[recipient];
  report.index = recipient;
  report.action = Action::Delayed;
  report.status = "4.4.7";
  report.explanation = "It was not delivered by " + mime::print_date(envelope.deliver_by->deadline, 0) + ", as its sender asked; its first attempt is still to come, or under way.";
  return report;
}

}  // namespace

// What was late before it came here was told of where it was late.
void Delivery::watch_fresh(const Message& message) {
  const auto& by = message.envelope.deliver_by;
  if (!by || by->mode != ByMode::Notify || by->deadline <= message.envelope.accepted_at || message.envelope.reverse_path.is_null()) return;
  fresh_deadlines_.add(message.ref, by->deadline);
}

void Delivery::forget_fresh(const Message& message) {
  if (!fresh_deadlines_.contains(message.ref.id)) return;
  const auto count = static_cast<std::uint32_t>(message.envelope.recipients.size());
  for (std::uint32_t recipient = 0; recipient < count; ++recipient)
    if (scheduler_.claimed({message.ref.id, recipient}) && !message.history.contains(recipient)) return;
  fresh_deadlines_.forget(message.ref.id);
}

// False: nobody's time is over.
Task<bool> Delivery::tell_late_fresh() {
  const auto due = fresh_deadlines_.take_due(parts_.clock.wall(), told_at_once);
  for (const auto& ref : due) {
    auto telling = tell_late_one(ref);
    co_await std::move(telling);
    if (stopping_) break;
  }
  co_return !due.empty();
}

// The notice and the record that it was sent are one group: after a crash it is not told again, and a schedule that is written
// later says that it was told.
Task<void> Delivery::tell_late_one(spool::MessageRef ref) {
  ++finishing_;
  Message message{ref, {}, {}};
  std::string header;
  std::vector<std::uint32_t> waiting;
  auto work = parts_.workers.run(parts_.loop, [&]() -> std::optional<spool::SpoolError> {
    waiting = parts_.spool.fresh_recipients(ref);
    std::erase_if(waiting, [&](std::uint32_t recipient) { return (parts_.spool.told_fresh(ref, recipient) & spool::deadline_told_bit) != 0; });
    auto envelope = parts_.spool.envelope(ref);
    if (!envelope) return envelope.error();
    message.envelope = std::move(*envelope);
    auto read = parts_.spool.body(ref, 0, std::min(header_octets, message.envelope.body_octets));
    if (!read) return read.error();
    header = std::move(*read);
    return std::nullopt;
  });
  const auto ran = co_await std::move(work);
  const auto trouble = ran ? *ran : spool::SpoolError{spool::SpoolFailure::Stopped, "all workers are busy"};
  using enum spool::SpoolFailure;
  if (trouble && (trouble->kind == NotFound || trouble->kind == Gone)) {
    fresh_deadlines_.forget(ref.id);  // it has had its end
  } else if (trouble) {
    parts_.log.write(telemetry::events::storage_trouble, {.message = ref.id, .reason = trouble->what});
    fresh_deadlines_.again(ref.id, parts_.clock.wall() + (trouble->kind == Damaged ? std::chrono::minutes{60} : std::chrono::minutes{1}));
  } else {
    auto telling = tell_late_recipients(message, waiting, header);
    co_await std::move(telling);
  }
  --finishing_;
}

// Those that are in a lane or under an attempt, but for whom a command has.
Task<void> Delivery::tell_late_recipients(const Message& message, const std::vector<std::uint32_t>& waiting, const std::string& header) {
  std::vector<std::uint32_t> late;
  std::vector<RecipientReport> reports;
  for (const auto recipient : waiting) {
    const DeferredEntry entry{message.ref.id, recipient};
    if (!scheduler_.claimed(entry) || in_hand_.taken(entry)) continue;
    late.push_back(recipient);
    if (wants_notification(message.envelope, message.recipient(recipient), Action::Delayed)) reports.push_back(late_report(message.envelope, recipient));
  }
  if (reports.empty()) {
    forget_fresh(message);
    co_return;
  }
  auto writing = write_notice(message, late, std::move(reports), spool::deadline_told_bit, header);
  const auto again = co_await std::move(writing);
  if (again) fresh_deadlines_.again(message.ref.id, parts_.clock.wall() + *again);
}

}  // namespace hikyaku::delivery
