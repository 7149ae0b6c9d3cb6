// What a writing about recipients rests on: the stamps of what was read of those that were deferred (spool/message.h). That a next
// hop took one, or a mailbox has it, rests on nothing: it is so, whoever wrote meanwhile.
#pragma once

#include <utility>
#include <vector>

#include "services/delivery/attempt.h"

namespace hikyaku::delivery {

[[nodiscard]] inline spool::Stamps basis_of(const Message& message, const std::vector<spool::RecipientOutcome>& outcomes) {
  spool::Stamps basis;
  for (const auto& one : outcomes) {
    if (one.outcome == spool::Outcome::Delivered || one.outcome == spool::Outcome::DeliveredLazy) continue;
    if (const auto read = message.stamps.find(one.recipient); read != message.stamps.end()) basis.insert(*read);
  }
  return basis;
}

[[nodiscard]] inline spool::Stamps basis_of(const Message& message, const std::vector<spool::Schedule>& schedules) {
  spool::Stamps basis;
  for (const auto& one : schedules)
    if (const auto read = message.stamps.find(one.recipient); read != message.stamps.end()) basis.insert(*read);
  return basis;
}

// The recipient becomes `mails`, as long as nobody else wrote of it.
[[nodiscard]] inline spool::Settlement expansion_of(const Message& message, std::uint32_t recipient, std::vector<spool::GeneratedMail> mails) {
  const std::vector<spool::RecipientOutcome> outcomes{{recipient, spool::Outcome::Expanded, {}}};
  return {message.ref, outcomes, std::move(mails), basis_of(message, outcomes)};
}

}  // namespace hikyaku::delivery
