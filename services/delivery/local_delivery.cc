#include "services/delivery/local_delivery.h"

#include <algorithm>

#include "services/delivery/why/spent_times.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration longest_commit = 30s;
constexpr Duration trouble_pause = 2s;

// RFC 5321 §4.4: the delivering host writes the reverse-path on top.
std::string return_path_line(const ReversePath& path) { return "Return-Path: <" + path.text() + ">\r\n"; }

Attempt over_quota(std::uint32_t recipient, WhenFull wanted) {
  const bool refuse = wanted == WhenFull::Refuse;
  return {recipient, AttemptResult::Failed, refuse ? FailureClass::Refused : FailureClass::Transient, refuse ? "5.2.2" : "4.2.2", "",
          std::string(full_mailbox_words), "", ""};
}

}  // namespace

std::uint64_t octets_in_mailbox(const Envelope& envelope) { return return_path_line(envelope.reverse_path).size() + envelope.body_octets; }

LocalDelivery::LocalDelivery(Parts parts, std::uint32_t accounts_at_once, TimeOf time_of, Done done)
    : parts_(parts), accounts_at_once_(accounts_at_once), time_of_(std::move(time_of)), done_(std::move(done)) {}

void LocalDelivery::add(LocalJob job) {
  const AccountId account = job.target.account;
  job.spent = CauseClock(parts_.clock.wall(), Cause::Slot);
  const auto [queue, is_new] = queues_.try_emplace(account);
  queue->second.push_back(std::move(job));
  ++waiting_;
  if (is_new) ready_.push_back(account);
  start_groups();
}

void LocalDelivery::start_groups() {
  while (running_ < accounts_at_once_ && !ready_.empty()) {
    const AccountId account = ready_.front();
    ready_.pop_front();
    ++running_;
    parts_.loop.spawn(deliver(account));
  }
}

LocalDelivery::Group LocalDelivery::take_group(AccountId account) {
  Group group{.account = account, .quota = {}, .when_full = when_full_, .jobs = {}, .attempts = {}, .trouble = {}};
  auto& queue = queues_[account];
  const WallTime now = parts_.clock.wall();
  std::uint64_t octets = 0;
  while (!queue.empty() && group.jobs.size() < group_messages && octets < group_octets) {
    LocalJob job = std::move(queue.front());
    queue.pop_front();
    if (parts_.in_hand != nullptr && !parts_.in_hand->begin(*job.message, job.recipient)) {
      --waiting_;  // an operator has given it another end
      continue;
    }
    octets += job.message->envelope.body_octets;
    job.spent.turn(Cause::Disk, now);  // it stays so where our own trouble makes it wait
    group.jobs.push_back(std::move(job));
  }
  group.attempts.resize(group.jobs.size());
  if (const auto directory = parts_.directory.newest()) {
    if (const auto* found = directory->account(account)) group.quota = {found->quota_octets, found->quota_messages};
  }
  return group;
}

Task<void> LocalDelivery::deliver(AccountId account) {
  Group group = take_group(account);
  auto work = parts_.workers.run(parts_.loop, [this, &group] { perform(parts_, group); });
  const auto ran = co_await std::move(work);
  if (!ran) group.trouble = "all workers are busy";
  auto& queue = queues_[account];
  std::deque<LocalJob> again;
  for (std::size_t i = 0; i < group.jobs.size(); ++i) {
    if (!group.attempts[i]) {
      if (parts_.in_hand != nullptr) parts_.in_hand->end(*group.jobs[i].message, group.jobs[i].recipient);
      again.push_back(std::move(group.jobs[i]));
      continue;
    }
    --waiting_;
    report(group.jobs[i], std::move(*group.attempts[i]));
  }
  if (!again.empty()) {
    trouble_ = {parts_.clock.wall(), group.trouble};
    // Our own trouble is nobody's failed attempt: the copies stay where they are and are tried again shortly.
    parts_.log.write(telemetry::events::storage_trouble, {.account = std::to_string(account.value()), .reason = group.trouble});
    for (auto job = again.rbegin(); job != again.rend(); ++job) queue.push_front(std::move(*job));
    --running_;
    start_groups();
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(trouble_pause));
    if (outcome == io::Wake::Cancelled) co_return;
    ++running_;
  }
  --running_;
  if (queues_[account].empty()) queues_.erase(account);
  else ready_.push_back(account);
  start_groups();
}

void LocalDelivery::perform(Parts& parts, Group& group) {
  std::vector<std::string> texts;
  std::vector<mailboxes::Delivery> deliveries;
  std::vector<std::size_t> job_of;
  texts.reserve(group.jobs.size());
  for (std::size_t i = 0; i < group.jobs.size(); ++i) {
    const auto& message = *group.jobs[i].message;
    auto body = parts.spool.body(message.ref, 0, message.envelope.body_octets);
    if (!body) {
      // Gone: it had its end meanwhile, and this one's is then ignored.
      if (spool::is_gone_for_good(body.error().kind))
        group.attempts[i] = damaged_message(group.jobs[i].recipient, body.error().what);
      else group.trouble = body.error().what;
      continue;
    }
    std::string text = return_path_line(message.envelope.reverse_path);
    text += *body;
    texts.push_back(std::move(text));
    mailboxes::Delivery delivery;
    delivery.message.trace_id = message.ref.id;
    delivery.message.internal_date = message.envelope.accepted_at;
    delivery.original_recipient = message.recipient(group.jobs[i].recipient).address.text();
    delivery.mailbox = group.jobs[i].target.mailbox;
    deliveries.push_back(std::move(delivery));
    job_of.push_back(i);
  }
  for (std::size_t n = 0; n < deliveries.size(); ++n) deliveries[n].message.body = texts[n];
  if (deliveries.empty()) return;
  // Incoming keeps its message until the account is flushed; holding lets go of it with the outcome (rule 6).
  const bool all_in_incoming = std::ranges::all_of(job_of, [&](std::size_t i) { return group.jobs[i].message->ref.journal != 0; });
  const auto durability = all_in_incoming ? storage::Durability::Lazy : storage::Durability::Flushed;
  const auto results = parts.mailboxes.deliver_group(group.account, deliveries, group.quota, durability,
                                                     SystemClock{}.now() + longest_commit);
  if (parts.quotas) parts.quotas->delivered(group.account, group.quota);
  for (std::size_t n = 0; n < results.size(); ++n) {
    const auto& job = group.jobs[job_of[n]];
    auto& attempt = group.attempts[job_of[n]];
    if (results[n]) {
      attempt = Attempt{job.recipient, AttemptResult::Stored, {}, "2.0.0", "", "", "", std::to_string(group.account.value())};
      attempt->told_before = results[n]->how != mailboxes::Delivered::How::Stored && std::ranges::binary_search(job.message->verified, job.recipient);
    } else if (results[n].error().kind == mailboxes::MailboxFailure::OverQuota) {
      attempt = over_quota(job.recipient, group.when_full);
      if (parts.quotas && group.when_full == WhenFull::Defer) parts.quotas->refused(group.account, octets_in_mailbox(job.message->envelope));
    } else {
      group.trouble = results[n].error().what;
    }
  }
}

void LocalDelivery::report(const LocalJob& job, Attempt attempt) {
  if (attempt.result == AttemptResult::Stored) {
    const auto& envelope = job.message->envelope;
    const std::string recipient = job.target.address.text();
    const std::string original = job.message->recipient(job.recipient).address.text();
    const std::string sender = envelope.reverse_path.text();
    if (attempt.told_before) {
      parts_.log.write(telemetry::events::delivery_confirmed, {.message = job.message->ref.id, .recipient = recipient});
      attempt.spent = job.spent;
      return done_(job, std::move(attempt));
    }
    const auto spent = time_of_(job);
    const SpentTimes times(spent);
    parts_.log.write(telemetry::events::mail_delivered,
                     {.message = job.message->ref.id, .sender = sender, .null_sender = envelope.reverse_path.is_null(),
                      .recipient = recipient, .original_recipient = original == recipient ? std::string_view{} : original,
                      .mailbox = job.target.mailbox.empty() ? "INBOX" : std::string_view(job.target.mailbox),
                      .octets = envelope.body_octets, .accepted_at = envelope.accepted_at,
                      .since = spent.since(), .spent = times.named()});
  }
  attempt.spent = job.spent;
  done_(job, std::move(attempt));
}

}  // namespace hikyaku::delivery
