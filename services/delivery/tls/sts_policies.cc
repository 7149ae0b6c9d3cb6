#include "services/delivery/tls/sts_policies.h"

#include "protocol/tls_policy/txt_record.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration record_time = 5s, patience = 20s, fetch_time = 60s;  // RFC 8461 §3.3: a minute
constexpr Duration failure_pause = 5min;                               // §3.3
constexpr auto refresh_age = std::chrono::hours{24};                   // §10.2: daily
constexpr Duration round_pause = 5min;
constexpr std::size_t most_failures = 10'000, most_fetches = 200;

StsTrouble trouble_of(http::ClientFailure kind) { return kind == http::ClientFailure::Certificate ? StsTrouble::Certificate : StsTrouble::Fetch; }

// A day, or half of a shorter life.
bool wants_refresh(const KnownPolicy& known, WallTime now) {
  return now - known.fetched >= std::min<std::chrono::seconds>(refresh_age, known.policy.max_age / 2);
}

}  // namespace

StsAnswer StsPolicies::failed(const std::string& domain, const std::string& id, StsTrouble trouble, std::string why) {
  if (failed_.size() >= most_failures) failed_.clear();
  failed_[domain] = {id, parts_.loop.now() + failure_pause, trouble, why};
  parts_.log.write(telemetry::events::policy_missing, {.destination = domain, .reason = "MTA-STS: " + why});
  return {store_.find(domain, parts_.clock.wall()), trouble, std::move(why)};
}

Task<StsAnswer> StsPolicies::fetched(const std::string& domain, const std::string& id) {
  http::ClientRequest request;
  request.url.host = "mta-sts." + domain;
  request.url.target = "/.well-known/mta-sts.txt";
  request.most_answer_octets = tls_policy::most_policy_octets;
  auto asking = parts_.fetch(std::move(request), parts_.loop.after(fetch_time));
  auto answer = co_await std::move(asking);
  if (!answer) co_return failed(domain, id, trouble_of(answer.error().kind), std::move(answer.error().what));
  // §3.3: 200 only, no redirect; plain text, or a page that users may write would do.
  if (answer->status != 200) co_return failed(domain, id, StsTrouble::Fetch, "the policy was answered with status " + std::to_string(answer->status));
  if (answer->media_type != "text/plain") co_return failed(domain, id, StsTrouble::Invalid, "the policy is no text/plain");
  auto policy = tls_policy::parse_sts_policy(answer->body);
  if (!policy) co_return failed(domain, id, StsTrouble::Invalid, "the policy is not valid: " + policy.error());
  const auto known = std::make_shared<const KnownPolicy>(KnownPolicy{domain, id, parts_.clock.wall(), std::move(*policy), std::move(answer->body)});
  failed_.erase(domain);
  auto gone = store_.add(known, parts_.clock.wall());
  auto keeping = keep(known);
  co_await std::move(keeping);
  if (!gone.empty()) parts_.loop.spawn(remove_files(std::move(gone)));
  co_return StsAnswer{known, StsTrouble::None, {}};
}

Task<void> StsPolicies::keep(KnownPolicyPointer known) {
  const auto file = policy_file(parts_.folder, known->domain);
  if (!file) co_return;
  auto work = parts_.workers.run(parts_.loop, [this, &file, &known]() -> io::DiskResult<> {
    TRY_VOID(parts_.disk.make_folder(parts_.folder));
    return io::replace_file(parts_.disk, *file, known->encode());
  });
  const auto ran = co_await std::move(work);
  // It counts all the same, until the next start.
  if (ran && !*ran) parts_.log.write(telemetry::events::storage_trouble, {.reason = ran->error().what});
}

Task<void> StsPolicies::remove_files(std::vector<std::string> domains) {
  auto work = parts_.workers.run(parts_.loop, [this, &domains] {
    for (const auto& domain : domains)
      if (const auto file = policy_file(parts_.folder, domain)) (void)parts_.disk.remove(*file);
  });
  (void)co_await std::move(work);
}

Task<void> StsPolicies::fetch(std::string domain, std::string id, std::shared_ptr<Fetching> fetching) {
  auto asking = fetched(domain, id);
  fetching->answer = co_await std::move(asking);
  fetching->done = true;
  fetching_.erase(domain);
  fetching->changed.notify_all();
}

Task<StsAnswer> StsPolicies::wait_for(std::string domain, std::string id, Deadline deadline) {
  std::shared_ptr<Fetching> fetching;
  if (const auto under_way = fetching_.find(domain); under_way != fetching_.end()) {
    fetching = under_way->second;
  } else if (fetching_.size() >= most_fetches) {
    co_return StsAnswer{store_.find(domain, parts_.clock.wall()), StsTrouble::Fetch, "too many policies are being fetched"};
  } else {
    fetching = std::make_shared<Fetching>();
    fetching_[domain] = fetching;
    parts_.loop.spawn(fetch(domain, std::move(id), fetching));
  }
  auto outcome = io::Wake::Ready;
  while (!fetching->done && outcome == io::Wake::Ready) outcome = co_await fetching->changed.wait(parts_.loop, deadline);
  if (fetching->done) co_return fetching->answer;
  co_return StsAnswer{store_.find(domain, parts_.clock.wall()), StsTrouble::Fetch, "the policy did not come in time"};
}

Task<StsAnswer> StsPolicies::policy_for(std::string domain, Deadline deadline) {
  if (!parts_.enabled()) co_return StsAnswer{};
  auto asking = parts_.txt("_mta-sts." + domain, std::min(deadline, parts_.loop.after(record_time)));
  const auto records = co_await std::move(asking);
  StsAnswer answer{store_.find(domain, parts_.clock.wall()), StsTrouble::None, {}};
  const auto id = records.outcome == io::DnsOutcome::Found ? tls_policy::read_sts_id(records.records) : std::nullopt;
  if (!id || (answer.known && answer.known->id == *id)) co_return answer;  // §5.1: what is known counts without a record too
  if (const auto before = failed_.find(domain); before != failed_.end() && before->second.id == *id && parts_.loop.now() < before->second.until) {
    answer.trouble = before->second.trouble;
    answer.why = before->second.why;
    co_return answer;
  }
  auto waiting = wait_for(std::move(domain), *id, std::min(deadline, parts_.loop.after(patience)));
  answer = co_await std::move(waiting);
  co_return answer;
}

Task<void> StsPolicies::refresh() {
  const auto now = parts_.clock.wall();
  if (auto gone = store_.expire(now); !gone.empty()) {
    auto removing = remove_files(std::move(gone));
    co_await std::move(removing);
  }
  for (const auto& known : store_.fetched_before(now)) {
    if (parts_.loop.stopping() || !parts_.enabled()) co_return;
    if (!wants_refresh(*known, now)) continue;
    if (const auto before = failed_.find(known->domain); before != failed_.end() && parts_.loop.now() < before->second.until) continue;
    // The record tells the id; without one the policy is fetched anew all the same (§10.2), or looking away would end it.
    auto asking = parts_.txt("_mta-sts." + known->domain, parts_.loop.after(record_time));
    const auto records = co_await std::move(asking);
    const auto id = records.outcome == io::DnsOutcome::Found ? tls_policy::read_sts_id(records.records) : std::nullopt;
    auto waiting = wait_for(known->domain, id.value_or(known->id), parts_.loop.after(fetch_time));
    (void)co_await std::move(waiting);
  }
}

Task<void> StsPolicies::run() {
  while (!parts_.loop.stopping()) {
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(round_pause));
    if (outcome == io::Wake::Cancelled) break;
    auto refreshing = refresh();
    co_await std::move(refreshing);
  }
}

}  // namespace hikyaku::delivery
