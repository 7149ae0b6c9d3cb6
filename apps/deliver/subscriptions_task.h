// Refreshes published lists that are followed, when they are due. What it changes is bounded ([policy] subscription_change); the rest waits for a person.
#pragma once

#include "apps/service/service.h"
#include "io/repeat.h"
#include "services/subscriptions/fetch.h"
#include "services/subscriptions/store.h"

namespace hikyaku::apps {

class SubscriptionsTask {
 public:
  SubscriptionsTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, directory::Editor& editor, subscriptions::Get get);
  // Until the loop stops.
  Task<void> run();

 private:
  // Those that are due.
  Task<Duration> step();
  Task<void> refresh(subscriptions::Subscription subscription);
  void take(const subscriptions::Subscription& subscription, const Result<std::string, std::string>& text);

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  directory::Editor& editor_;
  const subscriptions::Get get_;
  const SystemClock clock_;
  subscriptions::SubscriptionStore store_;
};

}  // namespace hikyaku::apps
