// Several write of the same recipients: attempts, operators, notices. All of them hold the spool's write lock, and here is what
// one finds of another's: its own writing repeated (only the flush was not certain), or somebody else's, which it must
// neither take back nor miss.
#include <algorithm>

#include "services/spool/spool_on_disk.h"

namespace hikyaku::spool {
namespace {

SpoolError overtaken(const TraceId& id) { return {SpoolFailure::Overtaken, id.text() + " was changed meanwhile"}; }

bool same_but_told(Schedule a, const Schedule& b) {
  a.failure_class = static_cast<std::uint8_t>((a.failure_class & ~told_bits) | (b.failure_class & told_bits));
  return a == b;
}

}  // namespace

// The mail that it caused may have left meanwhile, and must not be made again.
bool SpoolOnDisk::is_repeated(const Settlement& settlement) const {
  const auto& message = settlement.message;
  return !settlement.generated.empty() && log_->with_state([&](const DeliveryState& state) {
    if (message.journal != 0 && state.incoming.released(message.journal, message.at.segment)) return true;
    return std::ranges::all_of(settlement.outcomes, [&](const RecipientOutcome& one) {
      if (message.journal != 0) return state.incoming.settled(message.journal, message.at, one.recipient) == Settled::Final;
      return !state.holding.has_row(message.id, one.recipient);
    });
  });
}

bool SpoolOnDisk::is_repeated(const Deferral& deferral) const {
  return !deferral.generated.empty() && log_->with_state([&](const DeliveryState& state) {
    return std::ranges::all_of(deferral.recipients, [&](const Schedule& one) {
      const auto before = state.holding.deferred(deferral.message.id, one.recipient);
      return before && same_but_told(*before, one);
    });
  });
}

bool SpoolOnDisk::is_overtaken(const Settlement& settlement) const {
  if (settlement.based_on.empty()) return false;
  return log_->with_state([&](const DeliveryState& state) {
    std::size_t ended = 0;
    for (const auto& one : settlement.outcomes) {
      const auto read = settlement.based_on.find(one.recipient);
      if (read == settlement.based_on.end()) continue;
      const auto now = state.holding.deferred(settlement.message.id, one.recipient);
      if (now && stamp_of(*now) != read->second) return true;
      ended += now ? 0 : 1;
    }
    // All of them by this very settlement, of which only the flush was not certain: it is known by the mail that it makes.
    const bool ours = ended == settlement.outcomes.size() &&
                      std::ranges::any_of(settlement.generated, [&](const GeneratedMail& mail) { return state.holding.contains(mail.envelope.id); });
    return ended > 0 && !ours;
  });
}

bool SpoolOnDisk::is_overtaken(const Deferral& deferral) const {
  if (deferral.based_on.empty()) return false;
  return log_->with_state([&](const DeliveryState& state) {
    return std::ranges::any_of(deferral.recipients, [&](const Schedule& one) {
      const auto read = deferral.based_on.find(one.recipient);
      if (read == deferral.based_on.end()) return false;
      const auto now = state.holding.deferred(deferral.message.id, one.recipient);
      const auto stamp = now ? stamp_of(*now) : Stamp{};
      return !now || (stamp != read->second && stamp != stamp_of(one));
    });
  });
}

template <class Writings>
SpoolResult<> SpoolOnDisk::refuse_overtaken(const Writings& writings) const {
  for (const auto& one : writings)
    if (is_overtaken(one)) return failure(overtaken(one.message.id));
  return {};
}
template SpoolResult<> SpoolOnDisk::refuse_overtaken(const std::span<const Settlement>&) const;
template SpoolResult<> SpoolOnDisk::refuse_overtaken(const std::span<const Deferral>&) const;

// Whom the operator gave another end while an attempt, or a write, was under way stays ended; and of whom the sender was told
// while it was fresh, it is told.
std::vector<Schedule> SpoolOnDisk::as_written(const Deferral& deferral) const {
  auto recipients = deferral.recipients;
  const auto& message = deferral.message;
  log_->with_state([&](const DeliveryState& state) {
    for (auto& to : recipients) to.failure_class |= state.incoming.told(message.journal, message.at, to.recipient);
    return std::erase_if(recipients, [&](const Schedule& to) {
      const bool ended = message.journal == 0 || state.incoming.settled(message.journal, message.at, to.recipient) == Settled::Final;
      return ended && !state.holding.has_row(message.id, to.recipient);
    });
  });
  return recipients;
}

std::uint8_t SpoolOnDisk::told_fresh(const MessageRef& message, std::uint32_t recipient) const {
  return log_->with_state([&](const DeliveryState& state) {
    return message.journal != 0 ? state.incoming.told(message.journal, message.at, recipient) : state.holding.told_fresh(message.id, recipient).value_or(0);
  });
}

SpoolResult<SpoolOnDisk::ToldNow> SpoolOnDisk::tell_each(const Notice& notice) const {
  const auto& message = notice.message;
  ToldNow all{{{message.id, 0, {}}, {}, {}}, {message, {}, notice.bits}};
  const bool found = log_->with_state([&](const DeliveryState& state) {
    return std::ranges::all_of(notice.recipients, [&](std::uint32_t recipient) {
      std::uint8_t told = 0;
      if (auto schedule = message.journal == 0 ? state.holding.deferred(message.id, recipient) : std::nullopt) {
        told = schedule->failure_class;
        schedule->failure_class |= notice.bits;
        all.deferred.recipients.push_back(*std::move(schedule));
      } else if (message.journal == 0) {
        const auto fresh = state.holding.told_fresh(message.id, recipient);
        if (!fresh) return false;
        told = *fresh;
        all.fresh.recipients.push_back(recipient);
      } else {
        if (state.incoming.released(message.journal, message.at.segment) || state.incoming.settled(message.journal, message.at, recipient)) return false;
        told = state.incoming.told(message.journal, message.at, recipient);
        all.fresh.recipients.push_back(recipient);
      }
      all.news = all.news || (told & notice.bits) != notice.bits;
      return true;
    });
  });
  if (!found) return failure(SpoolError{SpoolFailure::NotFound, message.id.text() + " does not wait any more for all that the notice names"});
  return all;
}

// Who writes schedules waits for the same lock: what stands in the log here is the newest.
SpoolResult<> SpoolOnDisk::tell(const Notice& notice) {
  TRY_VOID(load_deferred());
  const std::lock_guard lock(write_mutex_);
  TRY(told, tell_each(notice));
  if (!told.news) return flush_log();
  std::vector<const GeneratedMail*> mails;
  for (const auto& mail : notice.generated) mails.push_back(&mail);
  TRY(texts, hold_generated(mails));
  std::vector<LogRecord> group;
  add_generated(notice.generated, texts, group);
  if (!told.deferred.recipients.empty()) group.emplace_back(std::move(told.deferred));
  if (!told.fresh.recipients.empty()) group.emplace_back(std::move(told.fresh));
  TRY_VOID(write(group));
  return flush_log();
}

}  // namespace hikyaku::spool
