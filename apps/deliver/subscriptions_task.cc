#include "apps/deliver/subscriptions_task.h"

#include "apps/service/data_folders.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
constexpr Duration look_interval = 20s, fetch_time = 120s;

}  // namespace

SubscriptionsTask::SubscriptionsTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, directory::Editor& editor, subscriptions::Get get)
    : service_(service), loop_(loop), workers_(workers), editor_(editor), get_(std::move(get)), store_(disk, service.path(folder::subscriptions)) {}

void SubscriptionsTask::take(const subscriptions::Subscription& subscription, const Result<std::string, std::string>& text) {
  const auto now = clock_.wall();
  // It may have been given up while the list was on its way.
  if (!store_.find(subscription.name)) return;
  const auto waited = store_.state(subscription.name).waits;
  const auto tell = [&](const std::string& why) {
    if (why != waited) service_.log().write(events::subscription_waits, {.text = subscription.name, .reason = why});
  };
  if (!text) {
    store_.failed(subscription, text.error(), now);
    return tell(text.error());
  }
  const auto percent = static_cast<int>(service_.settings()->policy.subscription_change());
  const auto taken = store_.take(editor_, subscription, *text, percent, subscriptions::Accept::Small, now);
  if (!taken) {
    store_.failed(subscription, taken.error().what, now);
    return tell(taken.error().what);
  }
  if (!taken->in_force) return tell(taken->why);
  if (taken->change.empty()) return;
  const auto how = std::to_string(taken->change.added.size()) + " added, " + std::to_string(taken->change.removed.size()) + " removed";
  service_.log().write(events::subscription_changed, {.text = subscription.name, .reason = how});
}

Task<void> SubscriptionsTask::refresh(subscriptions::Subscription subscription) {
  Result<std::string, std::string> text = failure(std::string());
  if (subscriptions::is_url(subscription.from)) {
    auto fetching = subscriptions::fetch(get_, subscription.from, loop_.after(fetch_time));
    text = co_await std::move(fetching);
  } else {
    auto reading = workers_.run(loop_, [&] { return store_.read_local(subscription); });
    auto read = co_await std::move(reading);
    if (!read) co_return;
    text = std::move(*read);
  }
  auto work = workers_.run(loop_, [&] { take(subscription, text); });
  const auto ran = co_await std::move(work);
  (void)ran;
}

Task<Duration> SubscriptionsTask::step() {
  auto listing = workers_.run(loop_, [this] {
    std::vector<subscriptions::Subscription> due;
    const auto all = store_.all();
    if (!all) return due;
    for (const auto& one : *all)
      if (subscriptions::is_due(one, store_.state(one.name), clock_.wall())) due.push_back(one);
    return due;
  });
  const auto due = co_await std::move(listing);
  for (std::size_t n = 0; due && n < due->size() && !loop_.stopping(); ++n) {
    auto refreshing = refresh((*due)[n]);
    co_await std::move(refreshing);
  }
  co_return look_interval;
}

Task<void> SubscriptionsTask::run() {
  return io::repeat(loop_, [this] { return step(); });
}

}  // namespace hikyaku::apps
