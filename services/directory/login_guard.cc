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

void LoginGuard::came_in(AccountId account, const std::string& client) {
  if (parts_.habits != nullptr) parts_.habits->logged_in(account, client, clock_.wall());
}

}  // namespace hikyaku::directory
