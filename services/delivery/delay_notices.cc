// Telling senders of delays: one round a second over the messages whose time has come, each told in the record group that
// remembers it.
#include "services/delivery/delivery.h"
#include "services/delivery/report/made_mail.h"
#include "services/delivery/schedule/another_clock.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration round = 1s;
constexpr std::size_t told_at_once = 50;  // a million messages for a dead server must not fill the disk's time at once
constexpr std::uint64_t header_octets = 16 << 10;
constexpr std::chrono::seconds look_again_busy{10}, look_again_overtaken{5}, look_again_in_trouble{60};

}  // namespace

Task<void> Delivery::tell_delays() {
  while (!stopping_ && !parts_.loop.stopping()) {
    if (settings_.delay_notice > Duration{}) {
      for (const auto& id : delays_.take_due(parts_.clock.wall(), settings_.delay_notice, told_at_once)) {
        auto telling = tell_delay(id);
        co_await std::move(telling);
        if (stopping_) co_return;
      }
    }
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(round));
    if (outcome == io::Wake::Cancelled) break;
  }
}

Task<void> Delivery::tell_delay(TraceId id) {
  struct Read {
    Message message;
    std::vector<spool::Schedule> schedules;
    std::string header;
    bool failed = false;
  };
  Read read{{{id, 0, {}}, {}, {}}, {}, {}, false};
  auto work = parts_.workers.run(parts_.loop, [&] {
    for (auto& one : parts_.spool.deferred(id)) {
      bring_back(one.schedule, parts_.clock.wall());
      read.schedules.push_back(std::move(one.schedule));
    }
    if (read.schedules.empty()) return;
    auto envelope = parts_.spool.envelope(read.message.ref);
    if (envelope) read.message.envelope = std::move(*envelope);
    auto header = parts_.spool.body(read.message.ref, 0, std::min(header_octets, read.message.envelope.body_octets));
    read.failed = !envelope || !header;
    if (header) read.header = std::move(*header);
  });
  const auto ran = co_await std::move(work);
  const auto now = parts_.clock.wall();
  const Duration delay = settings_.delay_notice;
  if (!ran) {  // the workers are busy
    delays_.add(id, now - std::chrono::duration_cast<std::chrono::microseconds>(delay) + std::chrono::seconds{10});
    co_return;
  }
  if (read.failed) co_return;
  const auto& envelope = read.message.envelope;
  for (const auto& one : read.schedules) read.message.history.insert({one.recipient, one});
  const auto stood = [&](const spool::Schedule& one) {
    auto pauses = parts_.ledger.pauses_between(one.first_failed, now);
    pauses.insert(pauses.end(), one.held.begin(), one.held.end());
    return covered(std::move(pauses), one.first_failed, now);
  };
  const auto decision = decide_delay({envelope, read.schedules, now, delay, stood});
  if (decision.what == DelayDecision::What::LookAgain) delays_.add(id, *decision.count_from);
  if (decision.what != DelayDecision::What::Tell) co_return;
  std::vector<RecipientReport> reports;
  for (const auto& one : read.schedules) {
    if (std::ranges::find(decision.whom, one.recipient) == decision.whom.end()) continue;
    auto until = give_up_time(read.message, one.destination, one);
    if (envelope.deliver_by && envelope.deliver_by->mode == ByMode::Return) until = std::min(until, envelope.deliver_by->deadline);
    reports.push_back(delayed_report(envelope, one, until == WallTime::max() ? std::nullopt : std::optional(until)));
  }
  if (reports.size() > most_recipients_of_a_report) reports.resize(most_recipients_of_a_report);
  auto writing = write_notice(read.message, spool::recipients_of(read.schedules), std::move(reports), spool::delay_told_bit, read.header);
  const auto again = co_await std::move(writing);
  if (again) delays_.add(id, parts_.clock.wall() - std::chrono::duration_cast<std::chrono::microseconds>(delay) + *again);
}

// As a change to what the spool has by then: an attempt or the operator may have written since the schedules were read.
Task<std::optional<std::chrono::seconds>> Delivery::write_notice(const Message& message, std::vector<std::uint32_t> of, std::vector<RecipientReport> reports,
                                                                 std::uint8_t bit, const std::string& header) {
  ++finishing_;
  spool::Notice notice{message.ref, std::move(of), bit, report_mails(message, std::move(reports), bit == spool::delay_told_bit ? "delay" : "deadline", header)};
  auto work = parts_.workers.run(parts_.loop, [&] { return parts_.spool.tell(notice); });
  const auto ran = co_await std::move(work);
  --finishing_;
  if (ran && *ran) {
    log_made(parts_.log, message.ref.id, made::notice, made_of(notice.generated));
    look_for_fresh();
    co_return std::nullopt;
  }
  if (!ran) co_return look_again_busy;
  if (ran->error().kind == spool::SpoolFailure::NotFound) co_return look_again_overtaken;
  parts_.log.write(telemetry::events::storage_trouble, {.message = message.ref.id, .reason = ran->error().what});
  co_return look_again_in_trouble;
}

}  // namespace hikyaku::delivery
