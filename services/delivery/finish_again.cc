// What others wrote of recipients while an attempt, or a write of ours, was about them: an operator, in the milliseconds before
// ours was written. Nothing of ours was; it is judged again by what the recipients are by now.
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {

// Its history is empty when the message has had its end. Nothing: the service stops.
Task<std::optional<Message>> Delivery::read_again(MessagePointer before) {
  for (;;) {
    Message now{before->ref, {}, {}, before->verified};
    auto work = parts_.workers.run(parts_.loop, [&] { return recall(now); });
    auto ran = co_await std::move(work);
    now.envelope = before->envelope;
    const auto& trouble = ran ? *ran : std::nullopt;
    const bool gone = trouble && (trouble->kind == spool::SpoolFailure::Gone || trouble->kind == spool::SpoolFailure::NotFound);
    if (gone) now.history.clear();
    // A damaged head is no hindrance: the one that was read is at hand.
    if (ran && (!trouble || gone || trouble->kind == spool::SpoolFailure::Damaged)) co_return std::move(now);
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(1s));
    if (outcome == io::Wake::Cancelled) co_return std::nullopt;
  }
}

Task<void> Delivery::finish_again(MessagePointer before, std::vector<Attempt> attempts, std::string destination) {
  ++finishing_;
  auto reading = read_again(before);
  auto now = co_await std::move(reading);
  if (now) {
    for (const auto recipient : take_over(*before, *now, attempts)) {
      scheduler_.disclaim(before->ref.id, recipient);
      changed_.erase({before->ref.id, recipient});
    }
    auto finishing = finish(hold(std::move(*now), Lane::Retry), std::move(attempts), std::move(destination));
    co_await std::move(finishing);
  }
  --finishing_;
}

// Who was to be put off untried.
Task<void> Delivery::dispatch_again(MessagePointer before, std::vector<std::uint32_t> recipients) {
  ++finishing_;
  auto reading = read_again(before);
  auto now = co_await std::move(reading);
  --finishing_;
  if (!now) co_return;
  std::erase_if(recipients, [&](std::uint32_t recipient) {
    changed_.erase({before->ref.id, recipient});
    if (!before->history.contains(recipient) || now->history.contains(recipient)) return false;
    scheduler_.disclaim(before->ref.id, recipient);
    return true;
  });
  auto dispatching = dispatch_all(hold(std::move(*now), Lane::Retry), std::move(recipients), Lane::Retry);
  co_await std::move(dispatching);
  pump();
}

}  // namespace hikyaku::delivery
