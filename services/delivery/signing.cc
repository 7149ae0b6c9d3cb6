// Signatures of what leaves (DKIM): made before the next hop is spoken to, so that no connection waits for them. Who cannot be signed waits aside, in places of
// the lanes that stand for no destination: other mail for the same destination goes on.
#include <algorithm>

#include "protocol/dkim/message.h"
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

constexpr std::uint64_t at_once_octets = 64 << 10;  // hashed on the loop; some 0.1 ms
constexpr std::uint64_t piece_octets = 256 << 10;
constexpr auto signer_pause = std::chrono::seconds{2};
constexpr std::size_t all_at_once = std::size_t{1} << 40;
constexpr std::size_t most_set_aside = 20'000;  // in memory, of each place

// A place in the lanes of its own, of a domain without usable keys or (empty) of everybody while signer is away.
constexpr std::string_view aside_prefix = "signing:";

// Blocks. The trouble, or nothing when the message has all of the text.
std::optional<spool::SpoolError> feed_all(spool::TextReader& text, std::uint64_t octets, dkim::Message& message) {
  for (std::uint64_t at = 0; at < octets;) {
    auto piece = text.next(piece_octets);
    if (!piece) return std::move(piece).error();
    if (piece->empty()) return spool::SpoolError{spool::SpoolFailure::Broken, "the text is shorter than it was"};
    at += piece->size();
    message.feed(*piece);
  }
  message.end();
  return std::nullopt;
}

}  // namespace

Task<std::optional<spool::SpoolError>> Delivery::feed_text(const Message& mail, dkim::Message& message) {
  const auto octets = mail.envelope.body_octets;
  if (octets <= at_once_octets)
    if (const auto whole = parts_.spool.text_at_hand(mail.ref, octets)) {
      message.feed(*whole);
      message.end();
      co_return std::nullopt;
    }
  const auto text = parts_.spool.text(mail.ref, octets);
  auto work = parts_.workers.run(parts_.loop, [&] { return feed_all(*text, octets, message); });
  auto ran = co_await std::move(work);
  if (!ran) co_return spool::SpoolError{spool::SpoolFailure::Broken, "all workers are busy"};
  co_return std::move(*ran);
}

Task<std::optional<std::string>> Delivery::signed_above(RemoteJob& job, Slot slot, CauseWatch& watch) {
  if (parts_.signer == nullptr) co_return std::string{};
  watch.turn(Cause::Signing);
  const MessagePointer message = job.message;
  std::optional<spool::SpoolError> trouble;
  const signing::OutgoingSigner::Feed feed = [this, &message, &trouble](dkim::Message& into) -> Task<bool> {
    auto feeding = feed_text(*message, into);
    trouble = co_await std::move(feeding);
    co_return !trouble;
  };
  const auto networks = settings_.routing.relay_networks;
  auto signing = parts_.signer->sign(parts_.directory.newest(), message->envelope, networks, parts_.hostname, feed);
  auto copy = co_await std::move(signing);
  signer_came_back();
  using State = signing::SignedCopy::State;
  const bool waits = (copy.state == State::Away || copy.state == State::NoKey) && !settings_.unsigned_while_away;
  if (!waits) watch.turn(Cause::Disk);
  // What is lost for good is found out, and dealt with, where it is sent. Any other trouble passes: sent now the copy might be read, and leave unsigned.
  if (copy.state == State::Unreadable && trouble && !spool::is_gone_for_good(trouble->kind)) {
    parts_.log.write(telemetry::events::storage_trouble, {.message = message->ref.id, .reason = trouble->what});
    parts_.loop.spawn(dispatch_later(message, std::move(job.recipients), slot.lane));
    scheduler_.probe_is_gone(slot.destination);
    wake_timers();
    co_return std::nullopt;
  }
  if (copy.state != State::Away && copy.state != State::NoKey) co_return std::move(copy.fields);
  if (parts_.loop.stopping()) co_return std::nullopt;
  if (waits) set_aside(std::move(job), slot, watch, copy.domain);
  if (waits) co_return std::nullopt;
  parts_.log.write(telemetry::events::mail_unsigned, {.message = message->ref.id, .reason = copy.state == State::Away ? "the service signer does not sign" : "the key of its domain is lost"});
  co_return std::string{};
}

// Our own trouble: nobody's attempt, and no time passes (signer_came_back()). Who was deferred before is due again after a pause; the others are parked, and those that
// are too many for memory wait in holding.
void Delivery::set_aside(RemoteJob job, const Slot& slot, const CauseWatch& watch, const std::string& domain) {
  const auto now = parts_.clock.wall();
  const auto again = now + std::chrono::ceil<std::chrono::microseconds>(parts_.signer->pause_of_retries(now));
  std::erase_if(job.recipients, [&](std::uint32_t recipient) {
    const auto due = std::ranges::find(job.read_from, recipient, [](const DeferredIndex::Due& one) { return one.entry.recipient; });
    if (due == job.read_from.end()) return false;
    scheduler_.defer(due->destination, due->entry, again, std::max(due->give_up_at, again), due->priority);
    return true;
  });
  auto aside = slot;
  aside.destination = std::string(aside_prefix) + domain;
  if (!job.recipients.empty() && scheduler_.lanes().waiting_for(aside.destination) >= most_set_aside) {
    parts_.loop.spawn(defer_untried(job.message, std::move(job.recipients), slot.destination, "much mail waits for a signature"));
  } else if (!job.recipients.empty()) {
    job.read_from.clear();
    job.message = nullptr;
    job.spent = std::make_shared<const CauseClock>(watch.clock());
    job.looked_up = {};
    asides_[aside.destination] = {};
    scheduler_.add_rest(aside, std::move(job));
    scheduler_.pause(aside.destination, now + signer_pause, Cause::Signing);
  }
  scheduler_.probe_is_gone(slot.destination);
  wake_timers();
}

Task<void> Delivery::try_again_to_sign(Slot slot) {
  while (!stopping_) {
    scheduler_.at(parts_.clock.wall());
    auto job = scheduler_.take(slot);
    if (!job) break;
    auto& aside = asides_[slot.destination];
    if (aside.left > 0) --aside.left;
    if (aside.left == 0) {
      aside.at_once = std::min(aside.at_once * 2, all_at_once);
      aside.left = aside.at_once;
      scheduler_.pause(slot.destination, parts_.clock.wall() + signer_pause, Cause::Signing);
    }
    job->spent = std::make_shared<const CauseClock>(waited_in_lane(slot, *job));
    auto reading = read_again(*job, slot);
    const bool there = co_await std::move(reading);
    if (!there) continue;
    enqueue(slot.lane, std::move(*job));
    pump();
  }
  scheduler_.release(slot, parts_.clock.wall());
  if (scheduler_.lanes().waiting_for(slot.destination) == 0 && scheduler_.lanes().used_for(slot.destination) == 0) asides_.erase(slot.destination);
  wake_timers();
  pump();
}

void Delivery::signer_came_back() {
  const auto since = parts_.signer->came_back();
  if (!since) return;
  const auto now = parts_.clock.wall();
  parts_.ledger.add_pause(*since, now);
  const auto aside = asides_.find(std::string(aside_prefix));
  if (aside == asides_.end()) return;
  aside->second = {all_at_once, all_at_once};
  scheduler_.pause(aside->first, now, Cause::Signing);  // over at once
  wake_timers();
}

std::optional<Scheduler::InLane> Delivery::lane_of(const std::string& key, DeferredEntry entry) const {
  auto found = scheduler_.in_lane(key, entry);
  for (auto aside = asides_.begin(); !found && aside != asides_.end(); ++aside) found = scheduler_.in_lane(aside->first, entry);
  return found;
}

}  // namespace hikyaku::delivery
