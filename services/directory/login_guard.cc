#include "services/directory/login_guard.h"

#include "base/cursor.h"
#include "services/telemetry/abuse_events.h"

namespace hikyaku::directory {
namespace {

namespace events = telemetry::events;

std::string time_text(Duration time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return seconds < 120 ? std::to_string(seconds) + " seconds" : std::to_string((seconds + 59) / 60) + " minutes";
}

}  // namespace

void LoginGuard::set(GuardTerms terms) {
  terms_ = std::move(terms);
  penalties_.set(terms_.penalties);
}

abuse::LoginTry LoginGuard::try_of(const std::string& client, const std::string& name, AccountId account) const {
  const bool usual = parts_.habits != nullptr && account != AccountId{} && parts_.habits->is_usual(account, client);
  return {client, ascii_lower(name), usual ? abuse::Place::Usual : abuse::Place::Unusual};
}

Task<Result<void, std::string>> LoginGuard::wait_for_turn(abuse::LoginTry one) {
  if (terms_.slow_failures == SlowFailures::No) co_return Result<void, std::string>{};
  const auto admission = penalties_.admit(one, loop_.now());
  if (admission.refused) co_return failure("Too many failed logins (" + admission.by + "), try again in " + time_text(admission.wait));
  if (admission.wait > Duration{}) {
    auto sleep = loop_.sleep_until(loop_.after(admission.wait));
    (void)co_await sleep;
  }
  if (!loop_.stopping()) co_return Result<void, std::string>{};
  penalties_.undone(one, loop_.now());
  co_return failure(std::string("auth is stopping"));
}

void LoginGuard::failed(const abuse::LoginTry& one, std::uint64_t guess) {
  if (terms_.slow_failures == SlowFailures::No) return;
  for (const auto& raised : penalties_.failed(one, guess, loop_.now())) {
    if (parts_.log == nullptr) continue;
    const std::string why = raised.who + ": the next try in " + time_text(raised.penalty);
    parts_.log->write(events::login_slowed, {.account = one.account, .client = one.client, .count = raised.failures, .reason = why});
  }
}

void LoginGuard::succeeded(const abuse::LoginTry& one) {
  if (terms_.slow_failures == SlowFailures::Yes) penalties_.succeeded(one, loop_.now());
}

void LoginGuard::undone(const abuse::LoginTry& one) {
  if (terms_.slow_failures == SlowFailures::Yes) penalties_.undone(one, loop_.now());
}

bool LoginGuard::is_ours(const std::string& client) const {
  const auto address = io::IpAddress::parse(client);
  return address && std::ranges::any_of(terms_.penalties.exempt, [&](const auto& network) { return network.contains(*address); });
}

std::string LoginGuard::country_of(const std::string& client) const { return parts_.countries == nullptr || is_ours(client) ? std::string{} : parts_.countries->country_of(client); }

void LoginGuard::tell_unusual(AccountId account, const std::string& address, const std::string& client, const abuse::Suspicion& suspicion, WallTime now) {
  if (!parts_.habits->tell(account, suspicion.points, now) || parts_.log == nullptr) return;
  const bool enough = suspicion.points >= abuse::Suspicion::enough;
  parts_.log->write(events::account_unusual, {.account = address, .client = client, .mode = enough ? "shadow" : "", .reason = suspicion.because});
}

void LoginGuard::came_in(AccountId account, const std::string& address, const std::string& client) {
  if (parts_.habits == nullptr) return;
  const auto now = clock_.wall();
  const auto suspicion = parts_.habits->logged_in(account, client, country_of(client), now);
  if (suspicion.points < abuse::Suspicion::unusual || terms_.watch == WatchSending::Off || terms_.unwatched.contains(ascii_lower(address))) return;
  tell_unusual(account, address, client, suspicion, now);
}

void LoginGuard::settle(const Suspension& one) {
  using abuse::Ruling;
  if (parts_.habits == nullptr) return;
  // Sessions were ended by `account contain`; a release without that says that nobody else was there.
  const bool contained = one.sessions_end != WallTime{} && one.sessions_end >= one.since;
  const auto came = (one.since == WallTime{} ? one.sessions_end : one.since) - abuse::Habits::news_for;
  if (contained) parts_.habits->rule(one.account, {Ruling::Was::Stranger, std::max(one.sessions_end, one.released), came});
  else if (one.in_force == Enabled::No && one.released != WallTime{}) parts_.habits->rule(one.account, {Ruling::Was::Owner, one.released, {}});
}

Task<bool> LoginGuard::sent(SendFact fact) {
  if (parts_.habits == nullptr || terms_.watch == WatchSending::Off) co_return false;
  const auto now = clock_.wall();
  // What comes from networks of our own is from no new one.
  const auto country = country_of(fact.client);
  const abuse::Sent sent{is_ours(fact.client) ? std::string_view{} : fact.client, fact.client_name, country, fact.recipients, fact.refused, fact.refused_elsewhere};
  const auto suspicion = parts_.habits->sent(fact.account, sent, terms_.sending, now);
  const bool enough = suspicion.points >= abuse::Suspicion::enough;
  if (suspicion.points < abuse::Suspicion::unusual || terms_.unwatched.contains(ascii_lower(fact.address))) co_return false;
  const bool enforced = enough && terms_.watch == WatchSending::Enforce && parts_.suspend;
  if (!enforced) {
    tell_unusual(fact.account, fact.address, fact.client, suspicion, now);
    co_return false;
  }
  auto work = workers_.run(loop_, [this, &fact, &suspicion, now] { return parts_.suspend(fact.account, suspicion.because, now); });
  const auto done = co_await std::move(work);
  // Whoever wrote the row tells; a directory that is slow to be followed has it all the same.
  const bool made = done && (*done || done->error().kind == DirectoryFailure::NotSeen);
  if (made && parts_.log != nullptr) parts_.log->write(events::account_suspended, {.account = fact.address, .client = fact.client, .by = "auth", .reason = suspicion.because});
  const bool already = done && !*done && done->error().kind == DirectoryFailure::AlreadyExists;
  if (!made && !already && parts_.log != nullptr)
    parts_.log->write(events::storage_trouble, {.account = fact.address, .text = "suspension", .reason = done ? done->error().what : std::string("all workers are busy")});
  co_return made || already;
}

}  // namespace hikyaku::directory
